"""Blueprints that keep what the API document promises about requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from reference_app.api.authentication import authenticate
from reference_app.api.problems import pointer_to
from reference_app.api.responses import expected_problems
from reference_app.errors import InvalidInputError, Violation


@dataclass(frozen=True)
class _Accepted:
    """What an operation takes besides its path."""

    query: frozenset[str]
    has_body: bool


class ApiBlueprint(APIBlueprint):
    """Routes of one topic. What a view takes is the annotations of `path`, `query` and `body`.

    flask-openapi3 checks what a model declares; this adds what it lets pass: query parameters where none
    are declared, a parameter given twice, a body of another type, and who is asking comes before all of it.
    """

    def __init__(self, name: str, *, tag: str, protected: bool, prefix: str = "") -> None:
        super().__init__(
            name,
            __name__,
            url_prefix=prefix,
            abp_tags=[Tag(name=tag)],
            abp_security=[{"bearer": []}] if protected else None,
        )
        self._protected = protected
        self._accepted: dict[str, _Accepted] = {}
        self.before_request(self._check_request)

    def _collect_openapi_info(self, rule: str, func: Callable[..., Any], **info: Any) -> Any:
        """Note what the view takes, and document the problems that follow from it."""
        hints = get_type_hints(func)
        query: type[BaseModel] | None = hints.get("query")
        has_body = "body" in hints
        names = frozenset(query.model_fields) if query else frozenset()
        self._accepted[f"{self.name}.{func.__name__}"] = _Accepted(names, has_body)
        expected = expected_problems(protected=self._protected, has_path="path" in hints, has_body=has_body)
        info["operation_id"] = func.__name__
        info["responses"] = expected | (info["responses"] or {})
        return super()._collect_openapi_info(rule, func, **info)

    def _check_request(self) -> None:
        if request.method == "OPTIONS":  # Flask answers it with Allow, for anybody
            return
        if self._protected:
            authenticate()
        accepted = self._accepted[request.endpoint or ""]
        _refuse_unknown_query(accepted.query)
        if accepted.has_body:
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
