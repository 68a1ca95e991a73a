"""JSON as this API reads and writes it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Request, Response
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug.exceptions import BadRequest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class StrictJsonProvider(DefaultJSONProvider):
    """Reads only what RFC 8259 calls JSON; whatever else comes is a `ValueError`, which Flask makes a 400."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse `s`; other encodings than UTF-8, NaN, infinities and nesting beyond the stack are errors too."""
        text = s.decode() if isinstance(s, bytes) else s
        try:
            return json.loads(text, parse_constant=_refuse_constant, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class JsonRequest(Request):
    """A request that says where its body stops being JSON; Flask says nothing about it."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Raise `BadRequest` for what `loads` raised; where the type is another one (None) do as Flask does."""
        if e is None:
            return super().on_json_loading_failed(e)
        raise BadRequest(f"The body is no JSON: {_complaint(e)}.") from e


def _complaint(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, UnicodeDecodeError):
        return f"no {error.encoding.upper()} at byte {error.start}"
    return str(error).partition(":")[0]


def json_text(plain: Mapping[str, Any]) -> str:
    """Return what is in a documented shape already as JSON, written as pydantic writes its models."""
    return to_json(plain).decode()


def json_response(result: BaseModel, status: HTTPStatus = HTTPStatus.OK, location: str | None = None) -> Response:
    """Return `result` as a JSON response; `location` names the object that was made."""
    headers = {"Location": location} if location else None
    return Response(result.model_dump_json(), status, headers, mimetype="application/json")
