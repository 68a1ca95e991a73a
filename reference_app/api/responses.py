"""How the API document describes what operations answer."""

from collections.abc import Mapping
from typing import Any

from flask_openapi3.types import ResponseDict

from reference_app.api.problems import MEDIA_TYPE
from reference_app.services.authorization import Action

_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_TEXT_HEADER = {"schema": {"type": "string"}}
_DESCRIPTIONS = {
    400: "The body is no JSON.",
    401: "Who is asking is not known.",
    403: "The user may not do this.",
    404: "There is no such object.",
    409: "The present state does not allow it.",
    412: "The object has changed since the client read it.",
    413: "The body is too large.",
    415: "The body is not declared as application/json.",
    422: "The request breaks a rule; `errors` says where.",
    428: "The change does not name the version that it changes.",
    429: "There were too many requests; Retry-After says when to come back.",
    503: "Postgres or Redis does not answer.",
}
_RETRY_AFTER = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
_HEADERS = {
    401: {"WWW-Authenticate": {"required": True, **_TEXT_HEADER}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}


def problems(*statuses: int) -> ResponseDict:
    """Describe these statuses as problems."""
    return {str(status): _problem(status) for status in statuses}


def expected_problems(action: Action | None, *, limited: bool, has_path: bool, has_body: bool) -> ResponseDict:
    """Describe the problems that follow from an operation's shape; without an action it is open to all."""
    statuses = [422]
    if limited:
        statuses += [429]
    if action is not None:
        statuses += [401, 403, 503]
    if has_path:
        statuses += [404]
    if has_body:
        statuses += [400, 413, 415]
    return problems(*sorted(statuses))


def created(schema: str, links: Mapping[str, Any]) -> ResponseDict:
    """Describe a 201 whose body is the component `schema` and whose Location is the new object."""
    return {
        "201": {
            "description": "It was made.",
            "headers": {"Location": {"required": True, **_TEXT_HEADER}},
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
            "links": dict(links),
        }
    }


def _problem(status: int) -> dict[str, Any]:
    described = {"description": _DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}}
    return described | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
