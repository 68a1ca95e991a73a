"""Answers from the cache, and the headers that say so."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response

from reference_app.api.authentication import backend
from reference_app.api.entity_tags import entity_tag
from reference_app.backend import Work
from reference_app.cache.interface import Answer, CacheKey, CacheState, Made

STATE_HEADER = "X-Cache"
AGE_HEADER = "Age"
CACHED_OPERATIONS = frozenset({"list_pipelines", "read_pipeline", "read_statistics"})

_DOCUMENTED: dict[str, dict[str, Any]] = {
    STATE_HEADER: {
        "description": "HIT: kept from before, no write since. MISS: made now. STALE: kept from before, because "
        "Postgres does not answer. BYPASS: made now, the cache was not asked.",
        "schema": {"type": "string", "enum": [state.value for state in CacheState]},
        "required": True,
    },
    AGE_HEADER: {
        "description": "With HIT and STALE: seconds since the answer was made.",
        "schema": {"type": "integer", "minimum": 0},
    },
}


def cached_answer(key: CacheKey, make: Callable[[Work], Made]) -> Answer:
    """Return what the cache has under `key`, or what `make` makes of Postgres's present content."""

    def fill(statement_timeout_s: float | None) -> Made:
        with backend().reading(statement_timeout_s) as services:
            return make(services)

    return backend().cache.answer(key, fill)


def cached_response(answer: Answer, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return the answer as a JSON response: X-Cache, Age where it is not new, ETag where it has a version.

    NOT_MODIFIED leaves the body out.
    """
    body = "" if status is HTTPStatus.NOT_MODIFIED else answer.made.body
    response = Response(body, status, mimetype="application/json")
    response.headers[STATE_HEADER] = answer.state.value
    if answer.made.version:
        response.headers["ETag"] = entity_tag(answer.made.version)
    if answer.state in {CacheState.HIT, CacheState.STALE}:
        response.headers[AGE_HEADER] = str(answer.age_s)
    return response


def describe_cache(document: dict[str, Any]) -> None:
    """Add the headers to the cached operations in the API document `document`."""
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] in CACHED_OPERATIONS:
                operation["responses"]["200"].setdefault("headers", {}).update(_DOCUMENTED)
