"""Cases of our own, for what Schemathesis's coverage phase has none: bodies at an edge, a long address."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from schemathesis import Case
from schemathesis.auths import AuthContext, set_on_case
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.goals import Goal, Operation
from suites.contract.reach.schemas import Schemas

TOO_LONG = "414"
LONGER_THAN_READ = 9000
"""Characters. Servers read lines of 4 or 8 KiB; of a much longer one they leave a part unread and hang up."""

Described = APIOperation[Any, Any, Any, Any]


def too_long(operation: Described, cases: list[Case[Any]], wanted: list[Goal]) -> list[Case[Any]]:
    """Return a call whose address is longer than a server reads, where the document has an answer to that."""
    if not cases or not any(goal.missing.what == f"status {TOO_LONG}" for goal in wanted):
        return []
    return [_signed(operation, path_parameters=dict(cases[-1].path_parameters), query={"_": "x" * LONGER_THAN_READ})]


def at_edges(
    operation: Described, schemas: Schemas, documented: Operation, cases: list[Case[Any]], left: list[Goal]
) -> list[Case[Any]]:
    """Return calls that reach what is left of a body: another one's, with one property at an edge of its schema."""
    model = _model(cases)
    made: list[Case[Any]] = []
    for body in _edge_bodies(schemas, documented, model.body) if model else ():
        case = _like(operation, model, body)
        exchange = as_exchange(case)
        reached = [goal for goal in left if goal.is_reached_by(exchange)]
        if reached:
            made.append(case)
            left = [goal for goal in left if goal not in reached]
    return made


def _model(cases: list[Case[Any]]) -> Case[Any] | None:
    """Return a case with an object as its body, a valid one if there is any."""
    objects = [case for case in reversed(cases) if isinstance(case.body, Mapping)]
    valid = (case for case in objects if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE)
    return next(valid, objects[0] if objects else None)


def _edge_bodies(schemas: Schemas, documented: Operation, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = schemas.resolve(documented.node.get("requestBody")).get("content") or {}
    for kind, described in content.items():
        if "json" in str(kind):
            for name, schema in schemas.properties(schemas.resolve(described).get("schema", True)).items():
                yield from ({**body, name: value} for value in schemas.edges(schema))


def _like(operation: Described, model: Case[Any], body: dict[str, Any]) -> Case[Any]:
    return _signed(
        operation,
        path_parameters=dict(model.path_parameters),
        query=dict(model.query),
        headers=dict(model.headers),
        body=body,
        media_type=model.media_type,
    )


def _signed(operation: Described, **parts: Any) -> Case[Any]:
    case: Case[Any] = operation.Case(**parts)
    set_on_case(case, AuthContext(operation=operation, app=operation.app), None)
    return case


def as_exchange(case: Case[Any]) -> Exchange:
    """Return a case as what would be sent, as near as can be told before; what was sent is measured afterwards."""
    return Exchange(
        operation=f"{case.method.upper()} {case.path}",
        parameters={
            "path": _texts(case.path_parameters),
            "query": _texts(case.query),
            "header": {name.lower(): texts for name, texts in _texts(case.headers).items()},
            "cookie": _texts(case.cookies),
        },
        status=0,
        **({} if case.body is NOT_SET else {"body": _json(case.body)}),
    )


def _texts(values: Mapping[str, Any] | None) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(map(_text, value)) if isinstance(value, list) else (_text(value),)
        for name, value in (values or {}).items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _json(body: Any) -> Any:
    try:
        return json.loads(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError):  # bytes, or numbers that JSON lacks
        return str(body)
