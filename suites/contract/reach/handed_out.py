"""Query parameters whose values an operation's own answers hand out: a cursor is taken from the page before."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.openapi_document import Node
from suites.contract.reach.schemas import Schemas

DEEPEST = 3
"""Objects within objects in which an answer may tell where it goes on."""
_DESCRIBED = frozenset({"enum", "const", "pattern", "format"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

Place = tuple[str, ...]
"""The names of the properties that lead to a value."""


def handed_out(schemas: Schemas, operation: Node) -> dict[str, Place]:
    """Return them by name, each with the place in a successful answer where its next value stands.

    Such a parameter is a text, and the answer has a text named after it.
    """
    places = list(_texts_in_answers(schemas, operation))
    found: dict[str, Place] = {}
    for name, schema in _queries(schemas, operation):
        named = [place for place in places if words_of(name) <= words_of(place[-1])]
        found |= {name: named[0]} if named and "string" in _types(schemas, schema) else {}
    return found


def not_to_be_guessed(schemas: Schemas, operation: Node) -> set[str]:
    """Return those of them of which the document says nothing more: what is made up for them may well be refused."""
    known = handed_out(schemas, operation)
    return {name for name, schema in _queries(schemas, operation) if name in known and not _says_more(schemas, schema)}


def _queries(schemas: Schemas, operation: Node) -> Iterator[tuple[str, Any]]:
    listed = operation.get("parameters")
    for parameter in map(schemas.resolve, listed if isinstance(listed, list) else ()):
        if parameter.get("in") == "query":
            yield str(parameter.get("name")), parameter.get("schema")


def words_of(name: str) -> frozenset[str]:
    """Return the words that a name is put together from: `nextCursor` and `next_cursor` have the same."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def _texts_in_answers(schemas: Schemas, operation: Node) -> Iterator[Place]:
    responses = operation.get("responses")
    for status, response in (responses if isinstance(responses, Mapping) else {}).items():
        content = schemas.resolve(response).get("content") if str(status).startswith("2") else None
        for described in (content if isinstance(content, Mapping) else {}).values():
            yield from _texts(schemas, schemas.resolve(described).get("schema"), ())


def _texts(schemas: Schemas, schema: Any, way: Place) -> Iterator[Place]:
    for name, inner in schemas.properties(schema).items() if len(way) < DEEPEST else ():
        if "string" in _types(schemas, inner):
            yield (*way, name)
        yield from _texts(schemas, inner, (*way, name))


def _says_more(schemas: Schemas, schema: Any) -> bool:
    return any(_DESCRIBED & part.keys() for part in schemas.alternatives(schema))


def _types(schemas: Schemas, schema: Any) -> set[str]:
    kinds = [part.get("type", []) for part in schemas.alternatives(schema)]
    return {str(kind) for one in kinds for kind in (one if isinstance(one, list) else [one])}
