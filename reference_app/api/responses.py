"""How the API document describes what operations answer."""

from collections.abc import Mapping
from typing import Any

from flask_openapi3.types import ResponseDict

from reference_app.api.problems import MEDIA_TYPE
from reference_app.services.authorization import Action

_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_TEXT_HEADER = {"schema": {"type": "string"}}
_DESCRIPTIONS = {
    400: "The body is no JSON, or an Idempotency-Key is needed and missing.",
    401: "Who is asking is not known.",
    403: "The user may not do this.",
    404: "There is no such object.",
    409: "The present state does not allow it.",
    412: "The object has changed since the client read it.",
    413: "The body is too large.",
    414: "The request line is longer than the server reads; the application has not seen it.",
    415: "The body is not declared as application/json.",
    422: "The request breaks a rule; `errors` says where.",
    428: "The change does not name the version that it changes.",
    429: "There were too many requests; Retry-After says when to come back.",
    503: "Postgres or Redis does not answer, or this process serves as many event streams as it may.",
}
ETAG = {"ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'}}}
"""The version of the object in the answer."""
REPLAYED = {
    "Idempotency-Replayed": {
        "description": "The answer is that of an earlier attempt; nothing has happened now.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
"""What the answer to a repeated creating call also says."""
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
    statuses = [414, 422]
    if limited:
        statuses += [429]
    if action is not None:
        statuses += [401, 403, 503]
    if has_path:
        statuses += [404]
    if has_body:
        statuses += [400, 413, 415]
    return problems(*sorted(statuses))


def created(schema: str, links: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> ResponseDict:
    """Describe a 201 whose body is the component `schema` and whose Location is the new object."""
    return {
        "201": {
            "description": "It was made.",
            "headers": {"Location": {"required": True, **_TEXT_HEADER}, **(headers or {})},
            "content": _json_of(schema),
            "links": dict(links),
        }
    }


def versioned(schema: str) -> ResponseDict:
    """Describe a 200 whose body is the component `schema`, in the version that ETag names."""
    return {"200": {"description": "The object.", "headers": ETAG, "content": _json_of(schema)}}


def not_modified() -> ResponseDict:
    """Describe a 304: the client has this version."""
    return {"304": {"description": "The client has this version already.", "headers": ETAG}}


def event_stream(description: str, schema: str, *names: str) -> ResponseDict:
    """Describe a 200 that is a stream of server-sent events called `names`; the data of the first is a `schema`.

    In OpenAPI 3.1, unlike 3.2, the schema of such a stream is that of each event.
    """
    event = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "What to send as Last-Event-ID."},
            "event": {"type": "string", "enum": list(names)},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": f"Of {names[0]}: {schema}, as JSON.",
            },
        },
        "required": ["event", "data"],
    }
    return {"200": {"description": description, "content": {"text/event-stream": {"schema": event}}}}


def _json_of(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _problem(status: int) -> dict[str, Any]:
    described = {"description": _DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}}
    return described | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
