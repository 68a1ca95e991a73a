"""Calls with values that services stumble over: texts with quotes, wildcards, other scripts in them, lists, nothing.

Random texts seldom hold what the next layer takes for its own: a query, a pattern, a template, a narrower encoding. An
empty list, or object, is sent whether its schema takes it or not: who counts what is in it may forget that there need
be nothing. A list that has something in it is sent too: the simplest valid one often has not.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from schemathesis import Case

from suites.contract.fuzzing.aimed import CONTAINERS, with_value
from suites.contract.fuzzing.variants import Call, unjudged
from suites.contract.reach.goals import Operation, schema_of
from suites.contract.reach.schemas import Schemas

TEXTS = ("a'b\"c%_\\{{<é漢😀", "a'b%é漢", "'", "é", "%")
"""The first one that a schema takes is sent: the more there is in it, the more it shows."""
PLACES = ("path", "query")
"""Headers carry no such texts, and cookies not all."""
MOST_LOOKED_AT = 40
"""Cases of which each that has another shape is varied."""
_BODIES = ("json", "form-urlencoded")


def with_odd_values(schemas: Schemas, documented: Operation, models: Sequence[Case[Any]]) -> Iterator[Call]:
    """Yield some valid calls with an odd value in each place in turn; a field that none of them has is the first's."""
    values: dict[tuple[str, int], tuple[Case[Any], Any]] = {}
    for model in models:
        for name, found in _of_body(schemas, documented, model):
            for key, value in (((name, number), value) for number, value in enumerate(found)):
                if key not in values or (name in model.body and name not in values[key][0].body):
                    values[key] = (model, value)
    for (name, _), (model, value) in values.items():
        yield Call(unjudged(model, body={**_least(schemas, documented, model), name: value}))
    if values:
        yield Call(unjudged(models[0], body={}))
    for name, parts in _of_parameters(schemas, documented, models[0]):
        yield Call(unjudged(models[0], **parts), kept=(name,))


def of_each_shape(cases: Iterable[Case[Any]]) -> Iterator[Case[Any]]:
    """Yield the first of some cases for each set of fields that their bodies have: a document may offer several."""
    shapes: set[frozenset[str]] = set()
    for case in itertools.islice(cases, MOST_LOOKED_AT):
        if isinstance(case.body, Mapping) and (shape := frozenset(map(str, case.body))) not in shapes:
            shapes.add(shape)
            yield case


def _of_parameters(schemas: Schemas, documented: Operation, model: Case[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for parameter in documented.parameters:
        place, name = str(parameter["in"]), str(parameter["name"])
        if place in PLACES and (text := _taken(schemas, schema_of(parameter))):
            container = CONTAINERS[place]
            yield name, {container: with_value(getattr(model, container), name, text)}


def _schema_of_body(schemas: Schemas, documented: Operation, model: Case[Any]) -> Any:
    content = schemas.resolve(documented.node.get("requestBody")).get("content") or {}
    return schemas.resolve(content.get(str(model.media_type))).get("schema", True)


def _least(schemas: Schemas, documented: Operation, model: Case[Any]) -> dict[str, Any]:
    """Return a body without the fields that it is valid without: nothing in them then hides what another one shows."""
    valid = schemas.validity(_schema_of_body(schemas, documented, model))
    least = dict(model.body)
    for name in model.body:
        rest = {key: value for key, value in least.items() if key != name}
        least = rest if valid and valid(rest) else least
    return least


def _of_body(schemas: Schemas, documented: Operation, model: Case[Any]) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(model.body, Mapping) and any(word in str(model.media_type) for word in _BODIES):
        for name, schema in schemas.properties(_schema_of_body(schemas, documented, model)).items():
            if schemas.items(schema) is not None:
                yield name, [[], *filter(None, [schemas.filled(schema)])]
            elif text := _taken(schemas, schema):
                yield name, [text]


def _taken(schemas: Schemas, schema: Any) -> str | None:
    """Return an odd text that a schema takes; none where it says nothing of texts, or has a format for them."""
    parts = list(schemas.alternatives(schema))
    says_text = any("string" in _list(part.get("type")) for part in parts)
    valid = schemas.validity(schema)
    if valid is None or not says_text or any("format" in part for part in parts):
        return None
    return next(filter(valid, TEXTS), None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
