"""Calls at the edges of what a document describes: a body with one property at a bound, an address without one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from schemathesis import Case
from schemathesis.core import NOT_SET

from suites.contract.fuzzing.variants import another, unjudged
from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.goals import Goal, Operation
from suites.contract.reach.schemas import Schemas

LONGER_THAN_READ = 9000
"""Characters. Servers read lines of 4 or 8 KiB; of a much longer one they leave a part unread and hang up."""


def too_long(case: Case[Any]) -> Case[Any]:
    """Return a call whose address is longer than a server reads."""
    return unjudged(case, query={"_": "x" * LONGER_THAN_READ}, body=NOT_SET)


def at_edges(schemas: Schemas, documented: Operation, valid: Case[Any], left: list[Goal]) -> list[Case[Any]]:
    """Return calls that reach what is left of a body: the valid one's, with one property at an edge of its schema."""
    made: list[Case[Any]] = []
    for body, is_valid in _edge_bodies(schemas, documented, valid.body):
        case = (another if is_valid else unjudged)(valid, body=body)
        exchange = as_exchange(case)
        reached = [goal for goal in left if goal.is_reached_by(exchange)]
        if reached:
            made.append(case)
            left = [goal for goal in left if goal not in reached]
    return made


def _edge_bodies(schemas: Schemas, documented: Operation, body: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield bodies, and whether the schema allows them."""
    content = schemas.resolve(documented.node.get("requestBody")).get("content") or {}
    for kind, described in content.items() if isinstance(body, Mapping) else ():
        if "json" in str(kind):
            schema = schemas.resolve(described).get("schema", True)
            valid = schemas.validity(schema)
            for name, inner in schemas.properties(schema).items():
                bodies = ({**body, name: value} for value in schemas.edges(inner))
                yield from ((one, valid is not None and valid(one)) for one in bodies)


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
