"""Answers from the cache, and the headers that say so."""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request

from reference_app.api.authentication import Foresight, backend
from reference_app.api.entity_tags import entity_tag
from reference_app.cache.interface import Answer, Cache, CacheKey, CacheState, Made
from reference_app.redis_gate import Command
from reference_app.work import Look

STATE_HEADER = "X-Cache"
AGE_HEADER = "Age"
CACHED_OPERATIONS = frozenset({"list_pipelines", "read_pipeline", "read_statistics"})

_DECIMAL = re.compile(r"[1-9][0-9]{0,15}")
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


def statistics_key() -> CacheKey:
    """Return where the answer to this request for statistics is kept."""
    return CacheKey("statistics", request.query_string.decode("latin-1"))


def list_key() -> CacheKey:
    """Return where the answer to this request for a list of pipelines is kept."""
    return CacheKey("pipelines", request.query_string.decode("latin-1"))


def pipeline_key(pipeline_id: int) -> CacheKey:
    """Return where this pipeline is kept."""
    return CacheKey("pipeline", str(pipeline_id), pipeline_id)


def _requested_pipeline_key() -> CacheKey | None:
    text: str = (request.view_args or {})["pipeline_id"]
    return pipeline_key(int(text)) if _DECIMAL.fullmatch(text) else None


_KEYS: Mapping[str, Callable[[], CacheKey | None]] = {
    "statistics.read_statistics": statistics_key,
    "pipelines.list_pipelines": list_key,
    "pipelines.read_pipeline": _requested_pipeline_key,
}


def foresee_cache(cache: Cache) -> Foresight:
    """Return what says for a request of any user what `cache` is going to ask Redis for it."""

    def foresee(_user_id: int) -> Sequence[Command]:
        find_key = _KEYS.get(request.endpoint or "")
        key = find_key() if find_key else None
        return cache.foresee(key) if key else ()

    return foresee


def cached_answer(key: CacheKey, make: Callable[[Look], Made]) -> Answer:
    """Return what the cache has under `key`, or what `make` makes of Postgres's present content."""

    def fill(statement_timeout_s: float | None) -> Made:
        with backend().looking(statement_timeout_s) as look:
            return make(look)

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
