"""Answers from the cache: where each is kept, and how a kept one is told."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response

from reference_app.api.authentication import backend
from reference_app.api.entity_tags import entity_tag, is_well_formed, names_version
from reference_app.api.fields import BIGGEST_ID
from reference_app.api.json_body import json_text
from reference_app.api.visit import Visit, present_visit
from reference_app.cache.interface import Answer, CacheKey, CacheState, Made
from reference_app.work import Look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse

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


def statistics_key(visit: Visit) -> CacheKey:
    """Return where the answer to a request for statistics is kept."""
    return CacheKey("statistics", visit.query)


def list_key(visit: Visit) -> CacheKey:
    """Return where the answer to a request for a list of pipelines is kept."""
    return CacheKey("pipelines", visit.query)


def pipeline_key(pipeline_id: int) -> CacheKey:
    """Return where this pipeline is kept."""
    return CacheKey("pipeline", str(pipeline_id), pipeline_id)


def _asked_pipeline_key(visit: Visit) -> CacheKey | None:
    """Return where the pipeline of the path is kept; None where the view has something to refuse."""
    text = visit.arguments["pipeline_id"]
    has_good_condition = visit.condition is None or is_well_formed(visit.condition)
    is_valid = _DECIMAL.fullmatch(text) and int(text) <= BIGGEST_ID and not visit.query and has_good_condition
    return pipeline_key(int(text)) if is_valid else None


KEYS: Mapping[str, Callable[[Visit], CacheKey | None]] = {
    "statistics.read_statistics": statistics_key,
    "pipelines.list_pipelines": list_key,
    "pipelines.read_pipeline": _asked_pipeline_key,
}
"""By endpoint. What is kept under a key was once asked for in the same words, and found valid.

Whoever has the key of a pipeline needs no looking at: a request that has anything wrong with it gets none.
"""


def make_pipeline(look: Look, pipeline_id: int) -> Made:
    """Return the answer to a request for this pipeline; `NotFoundError` where there is none."""
    pipeline = look.pipelines.get(pipeline_id)
    return Made(json_text(pipeline.fields), pipeline.version)


def cached_answer(key: CacheKey, make: Callable[[Look], Made]) -> Answer:
    """Return what the cache has under `key`, or what `make` makes of Postgres's present content."""

    def fill(statement_timeout_s: float | None) -> Made:
        with backend().looking(statement_timeout_s) as look:
            return make(look)

    visit = present_visit()
    return backend().cache.answer(key, fill, visit.sight if visit.key == key else None)


def cached_response(answer: Answer, condition: str | None = None) -> Response:
    """Return the answer as a JSON response: X-Cache, Age where it is not new, ETag where it has a version.

    A client whose If-None-Match is `condition` is told when it has this version already.
    """
    status = _status(answer, condition)
    body = "" if status is HTTPStatus.NOT_MODIFIED else answer.made.body
    return Response(body, status, _headers(answer), mimetype="application/json")


def tell(visit: Visit, answer: Answer, start_response: "StartResponse") -> "Iterable[bytes]":
    """Do the same without Flask."""
    status, headers = _status(answer, visit.condition), _headers(answer)
    body = answer.made.body.encode()
    if status is HTTPStatus.OK:
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {status.phrase}", headers)
    return [body] if status is HTTPStatus.OK and visit.method == "GET" else []


def _status(answer: Answer, condition: str | None) -> HTTPStatus:
    has_it = answer.made.version and names_version(condition, answer.made.version)
    return HTTPStatus.NOT_MODIFIED if has_it else HTTPStatus.OK


def _headers(answer: Answer) -> list[tuple[str, str]]:
    headers = [(STATE_HEADER, answer.state.value)]
    if answer.made.version:
        headers.append(("ETag", entity_tag(answer.made.version)))
    if answer.state in {CacheState.HIT, CacheState.STALE}:
        headers.append((AGE_HEADER, str(answer.age_s)))
    return headers


def describe_cache(document: dict[str, Any]) -> None:
    """Add the headers to the cached operations in the API document `document`."""
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] in CACHED_OPERATIONS:
                operation["responses"]["200"].setdefault("headers", {}).update(_DOCUMENTED)
