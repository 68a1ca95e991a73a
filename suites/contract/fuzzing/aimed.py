"""Calls that each reach something of the document: a valid one, with one thing in it changed.

Schemathesis makes some forty cases for an operation, and most reach nothing that others do not. What the document
offers is known before anything is sent, so that it can be aimed at.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemathesis import Case
from schemathesis.core import NOT_SET

from suites.contract.fuzzing.variants import Call, another, unjudged
from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.goals import Goal, Operation, examples_of, schema_of
from suites.contract.reach.schemas import Schemas

CONTAINERS = {"path": "path_parameters", "query": "query", "header": "headers", "cookie": "cookies"}
ODD_TEXTS = ("not a value ~", "-1", "99999999999999999999", "x" * 300, "")
"""Some schema refuses each; they can stand in an address and in a header."""
ODD_BODIES: tuple[Any, ...] = ([], "", 0, None, {})


def aimed(schemas: Schemas, documented: Operation, models: Sequence[Case[Any]], left: list[Goal]) -> list[Call]:
    """Return the first of some valid calls, and what reaches more: the others of them, and the first one varied."""
    made: list[Call] = []
    for call in _variations(schemas, documented, models):
        exchange = as_exchange(call.case)
        still = [goal for goal in left if not goal.is_reached_by(exchange)]
        if not made or len(still) < len(left):
            made.append(call)
            left = still
    return made


def _variations(schemas: Schemas, documented: Operation, models: Sequence[Case[Any]]) -> Iterator[Call]:
    """Yield the models, and the first one varied."""
    yield from (Call(another(model)) for model in models)
    model = models[0]
    for parameter in documented.parameters:
        if str(parameter["in"]) in CONTAINERS:
            name = str(parameter["name"])
            yield from (Call(case, kept=(name,)) for case in _of_parameter(schemas, parameter, name, model))
    content = schemas.resolve(documented.node.get("requestBody")).get("content")
    for kind, described in (content if isinstance(content, Mapping) else {}).items():
        if "json" in str(kind):
            yield from map(Call, _of_body(schemas, schemas.resolve(described), model))
            yield Call(unjudged(model, body=NOT_SET))


def _of_parameter(schemas: Schemas, parameter: Mapping[str, Any], name: str, model: Case[Any]) -> Iterator[Case[Any]]:
    """Yield calls with another value of a parameter; Schemathesis's own say whether such ones should be accepted."""
    place, schema = CONTAINERS[str(parameter["in"])], schema_of(parameter)
    absent = [] if place == "path_parameters" else [NOT_SET]
    for value in [*examples_of(parameter, schemas.examples(schema)), *schemas.edges(schema), *absent, *ODD_TEXTS]:
        yield unjudged(model, **{place: with_value(getattr(model, place), name, value)})


def with_value(container: Any, name: str, value: Any) -> Any:
    """Return a container with another value of one name; without it for NOT_SET."""
    changed = container.copy()
    if value is NOT_SET:
        changed.pop(name, None)
    else:
        changed[name] = value if isinstance(value, str) else json.dumps(value)
    return changed


def _of_body(schemas: Schemas, described: Mapping[str, Any], model: Case[Any]) -> Iterator[Case[Any]]:
    schema = described.get("schema", True)
    valid = schemas.validity(schema)
    for body in [*examples_of(described, schemas.examples(schema)), *_bodies(schemas, schema, model.body), *ODD_BODIES]:
        yield (another if valid is not None and valid(body) else unjudged)(model, body=body)


def _bodies(schemas: Schemas, schema: Any, body: Any) -> Iterator[dict[str, Any]]:
    """Yield an object with one property at an edge of its schema, and with one property less."""
    if not isinstance(body, Mapping):
        return
    for name, inner in schemas.properties(schema).items():
        yield from ({**body, name: value} for value in [*schemas.examples(inner), *schemas.edges(inner)])
        yield {key: value for key, value in body.items() if key != name}


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
    """Return what a value is sent as; Schemathesis's own kinds of texts, such as joined lists, as plain ones."""
    return str(value) if isinstance(value, str) else json.dumps(value, default=str)


def _json(body: Any) -> Any:
    try:
        return json.loads(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError):  # bytes, or numbers that JSON lacks
        return str(body)
