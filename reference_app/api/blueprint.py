"""Blueprints that keep what the API document promises about requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from reference_app.api.authentication import authenticate, current_principal
from reference_app.api.problems import pointer_to
from reference_app.api.rate_limits import UNLIMITED_BLUEPRINTS
from reference_app.api.responses import expected_problems
from reference_app.errors import InvalidInputError, Violation
from reference_app.services.authorization import Action, authorize_function

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


@dataclass(frozen=True)
class _Operation:
    """What an operation does, and what it takes besides its path and headers."""

    action: Action | None
    query: frozenset[str]
    has_body: bool


class ApiBlueprint(APIBlueprint):
    """Routes of one topic. What a view takes is the annotations of `path`, `query` and `body`.

    flask-openapi3 checks what a model declares; this adds what it lets pass: query parameters where none
    are declared, a parameter given twice, a body of another type. Who is asking, and whether such a user may
    ever do this, come before all of it.
    """

    def __init__(self, name: str, *, tag: str, protected: bool, prefix: str = "") -> None:
        super().__init__(name, __name__, url_prefix=prefix, abp_tags=[Tag(name=tag)])
        self._protected = protected
        self._limited = name not in UNLIMITED_BLUEPRINTS
        self._operations: dict[str, _Operation] = {}
        self.before_request(self._check_request)

    def _collect_openapi_info(self, rule: str, func: Callable[..., Any], **info: Any) -> Any:
        """Note what the view takes, and document the problems that follow from it."""
        hints = get_type_hints(func)
        query: type[BaseModel] | None = hints.get("query")
        has_body = "body" in hints
        names = frozenset(query.model_fields) if query else frozenset()
        # In a protected blueprint a view without an action is a mistake, told when the module is imported.
        action: Action | None = func.action if self._protected else None  # type: ignore[attr-defined]
        self._operations[f"{self.name}.{func.__name__}"] = _Operation(action, names, has_body)
        expected = expected_problems(action, limited=self._limited, has_path="path" in hints, has_body=has_body)
        info["operation_id"] = func.__name__
        info["security"] = [{"bearer": []}] if action is not None else None
        info["responses"] = expected | (info["responses"] or {})
        return super()._collect_openapi_info(rule, func, **info)

    def _check_request(self) -> None:
        if request.method == "OPTIONS":  # Flask answers it with Allow, for anybody
            return
        operation = self._operations[request.endpoint or ""]
        if operation.action is not None:
            authenticate()
            authorize_function(current_principal(), operation.action)
        if request.query_string:
            _refuse_unknown_query(operation.query)
        if operation.has_body:
            _read_json_object()


def _refuse_unknown_query(known: frozenset[str]) -> None:
    violations = [
        Violation("query", pointer_to([name]), "Unknown parameter" if name not in known else "Given more than once")
        for name, values in request.args.lists()
        if name not in known or len(values) > 1
    ]
    if violations:
        raise InvalidInputError(violations)


def _read_json_object() -> None:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    if not isinstance(request.get_json(), dict):
        raise InvalidInputError([Violation("body", "", "Input should be an object")])
