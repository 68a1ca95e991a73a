"""What a view takes, read from the present request by the models that its annotations name.

flask-openapi3 documents the same models. Its own reading lets pass what no model can refuse (query parameters where
none are declared, one given twice, a body of another type), and copies all headers to look at one.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from reference_app.api.problems import pointer_to, refuse_invalid
from reference_app.errors import InvalidInputError, Violation

View = Callable[..., Any]
Model = type[BaseModel]


class Inputs:
    """The models of one view; None is what it does not take."""

    def __init__(self, *, header: Model | None, path: Model | None, query: Model | None, body: Model | None) -> None:
        self._header = header
        self._path = path
        self._query = query
        self._body = body
        names = (field.alias or name for name, field in header.model_fields.items()) if header else ()
        self._header_keys = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in names}
        self._query_names = frozenset(query.model_fields) if query else frozenset()

    def given_to(self, view: View) -> View:
        """Return a view that takes the variable parts of the path, and gives `view` what it takes."""

        @wraps(view)
        def read_and_view(**arguments: str) -> Any:
            return view(**self.read(arguments))

        return read_and_view

    def read(self, arguments: Mapping[str, str]) -> dict[str, BaseModel]:
        """Return the models by the names of their parameters; `InvalidInputError` says what is wrong with them."""
        if request.query_string:
            self._refuse_unknown_query()
        if self._body:
            _require_json_object()
        try:
            return self._validate(arguments)
        except ValidationError as error:
            refuse_invalid(error)

    def _validate(self, arguments: Mapping[str, str]) -> dict[str, BaseModel]:
        found: dict[str, BaseModel] = {}
        if self._header:
            found["header"] = self._header.model_validate(self._given_headers())
        if self._path:
            found["path"] = self._path.model_validate(arguments)
        if self._query:
            found["query"] = self._query.model_validate(request.args.to_dict() if request.query_string else {})
        if self._body:
            found["body"] = self._body.model_validate(request.get_json())
        return found

    def _given_headers(self) -> dict[str, str]:
        environ = request.environ
        return {name: environ[key] for name, key in self._header_keys.items() if key in environ}

    def _refuse_unknown_query(self) -> None:
        known = self._query_names
        violations = [
            Violation("query", pointer_to([name]), "Unknown parameter" if name not in known else "Given more than once")
            for name, values in request.args.lists()
            if name not in known or len(values) > 1
        ]
        if violations:
            raise InvalidInputError(violations)


def _require_json_object() -> None:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    if not isinstance(request.get_json(), dict):
        raise InvalidInputError([Violation("body", "", "Input should be an object")])
