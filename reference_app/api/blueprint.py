"""Blueprints that keep what the API document promises about requests."""

from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.schema import Schema
from flask_openapi3.models.tag import Tag
from flask_openapi3.utils import get_model_schema
from pydantic import BaseModel

from reference_app.api.inputs import Inputs, Model
from reference_app.api.rate_limits import UNLIMITED_BLUEPRINTS
from reference_app.api.responses import expected_problems
from reference_app.services.authorization import Action

View = TypeVar("View", bound=Callable[..., Any])


def requires(action: Action) -> Callable[[View], View]:
    """Name what a view of a protected blueprint does, which `services/authorization.py` has a rule for."""

    def mark(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: View) -> View:
    """Let anybody ask for this view of a protected blueprint.

    An open view is here when its path has protected ones too: a path is documented from one blueprint only.
    """
    view.action = None  # type: ignore[attr-defined]
    return view


class ApiBlueprint(APIBlueprint):
    """Routes of one topic. What a view takes is the annotations of `header`, `path`, `query` and `body`.

    flask-openapi3 documents it, and `api/inputs.py` reads it. Who may ask was decided before (`api/admission.py`).
    """

    def __init__(self, name: str, *, tag: str, protected: bool, prefix: str = "") -> None:
        super().__init__(name, __name__, url_prefix=prefix, abp_tags=[Tag(name=tag)])
        self._protected = protected
        self._limited = name not in UNLIMITED_BLUEPRINTS

    def describe(self, model: type[BaseModel]) -> None:
        """Put an answer into the document that operations name and that is part of no other answer."""
        schema = get_model_schema(model, mode="serialization")
        schema.pop("$defs", None)  # what it holds is part of other answers
        self.components_schemas[model.__name__] = Schema(**schema)

    def _collect_openapi_info(self, rule: str, func: Callable[..., Any], **info: Any) -> Any:
        """Document also the problems that follow from what the view is and takes."""
        hints = get_type_hints(func)
        # In a protected blueprint a view without an action is a mistake, told when the module is imported.
        action: Action | None = func.action if self._protected else None  # type: ignore[attr-defined]
        expected = expected_problems(action, limited=self._limited, has_path="path" in hints, has_body="body" in hints)
        info["operation_id"] = func.__name__
        info["security"] = [{"bearer": []}] if action is not None else None
        info["responses"] = expected | (info["responses"] or {})
        return super()._collect_openapi_info(rule, func, **info)

    @staticmethod
    def create_view_func(
        func: Callable[..., Any],
        header: Model | None,
        cookie: None,  # noqa: ARG004 - nothing here takes any
        path: Model | None,
        query: Model | None,
        form: None,  # noqa: ARG004 - nor one
        body: Model | None,
        *_raw: object,
        **_options: object,
    ) -> Callable[..., Any]:
        """Return the view as Flask calls it."""
        return Inputs(header=header, path=path, query=query, body=body).given_to(func)
