"""Calls with texts that a schema takes and that services stumble over: quotes, wildcards, other scripts.

Random texts seldom hold what the next layer takes for its own: a query, a pattern, a template, a narrower encoding.
"""

from collections.abc import Iterator, Mapping
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
_BODIES = ("json", "form-urlencoded")


def with_odd_texts(schemas: Schemas, documented: Operation, model: Case[Any]) -> list[Call]:
    """Return a valid call with an odd text in each place of it in turn that takes one."""
    return [Call(unjudged(model, **parts), kept=(name,)) for name, parts in _changed(schemas, documented, model)]


def _changed(schemas: Schemas, documented: Operation, model: Case[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for parameter in documented.parameters:
        place, name = str(parameter["in"]), str(parameter["name"])
        if place in PLACES and (text := _taken(schemas, schema_of(parameter))):
            container = CONTAINERS[place]
            yield name, {container: with_value(getattr(model, container), name, text)}
    for name, text in _of_body(schemas, documented, model):
        yield name, {"body": {**model.body, name: text}}


def _of_body(schemas: Schemas, documented: Operation, model: Case[Any]) -> Iterator[tuple[str, str]]:
    content = schemas.resolve(documented.node.get("requestBody")).get("content") or {}
    kind = str(model.media_type)
    if kind in content and isinstance(model.body, Mapping) and any(word in kind for word in _BODIES):
        for name, schema in schemas.properties(schemas.resolve(content[kind]).get("schema", True)).items():
            if text := _taken(schemas, schema):
                yield name, text


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
