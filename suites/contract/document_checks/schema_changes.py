"""Which changes of a schema break a client: what it sent is refused now, or what it gets it was never told of.

A request breaks where the new schema is narrower than the old, an answer where it is wider; and where a field of an
answer is gone, which no schema minds and every reader does. Fields that an answer has in addition break nobody.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.openapi_document import Node
from suites.contract.document_checks.flat_schemas import alternatives

Change = tuple[str, str]
"""Where within the schema (`.name`, `[]`), and what is different now."""

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ALIKE = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding")
_STRICTER = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_HOLDS = {("int32", "int64"), ("float", "double")}
"""Formats of which the second takes all that the first does."""


class SchemaChanges:
    """Compares schemas of two versions of a document."""

    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._known: dict[tuple[str | int, str | int, bool], tuple[Change, ...]] = {}

    def of(self, old: Any, new: Any, *, request: bool) -> tuple[Change, ...]:
        """Return what breaks clients that send what `old` describes, or read it (`request` false)."""
        key = (_identity(old), _identity(new), request)
        if key not in self._known:
            self._known[key] = ()  # a schema that contains itself: what is different is told by the outer one
            sides = alternatives(self._old, old), alternatives(self._new, new)
            wide, narrow = sides if request else reversed(sides)
            found = (change for one in wide for change in self._unfit(one, narrow, request=request))
            self._known[key] = tuple(dict.fromkeys(found))
        return self._known[key]

    def _unfit(self, wide: Node, narrow: list[Node], *, request: bool) -> list[Change]:
        """Return why an alternative fits none of the others: of those of its type, the one that it fits best."""
        fitting = [one for one in narrow if _takes(one["type"], wide["type"])]
        if not fitting:
            return [("", _type_words(wide["type"], narrow, request=request))]
        return min((list(self._between(wide, one, request=request)) for one in fitting), key=len)

    def _between(self, wide: Node, narrow: Node, *, request: bool) -> Iterator[Change]:
        values, taken = _values(wide), _values(narrow)
        if taken is not None:
            yield from _value_changes(values, taken, request=request)
        elif values is None:
            yield from _bound_changes(wide, narrow, request=request)
        yield from self._object_changes(wide, narrow, request=request)
        for word, step in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(narrow.get(word), Mapping) and wide.get(word) is not False:
                old, new = _old_and_new(wide.get(word, True), narrow[word], request=request)
                yield from _below(step, self.of(old, new, request=request))

    def _object_changes(self, wide: Node, narrow: Node, *, request: bool) -> Iterator[Change]:
        had, has = _old_and_new(_properties(wide), _properties(narrow), request=request)
        for name in sorted(_required(narrow) - _required(wide)):
            if request:
                yield f".{name}", "is required now"
            elif name in has:
                yield f".{name}", "may be missing now"
        for name, schema in had.items():
            if name in has:
                yield from _below(f".{name}", self.of(schema, has[name], request=request))
            elif not request:
                yield f".{name}", "is gone"
            elif narrow.get("additionalProperties") is False:
                yield f".{name}", "is no longer taken"
        if (
            request
            and narrow.get("additionalProperties") is False
            and wide.get("additionalProperties", True) is not False
        ):
            yield "", "properties beyond those described are no longer taken"


def _identity(schema: Any) -> str | int:
    """Return what tells a schema apart from others of its document, which stays as it is meanwhile."""
    return str(schema["$ref"]) if isinstance(schema, Mapping) and set(schema) == {"$ref"} else id(schema)


def _takes(narrow: str | None, wide: str | None) -> bool:
    return narrow is None or narrow == wide or (narrow, wide) == ("number", "integer")


def _type_words(kind: str | None, narrow: list[Node], *, request: bool) -> str:
    taken = " or ".join(str(one["type"]) for one in narrow) or "nothing"
    if request:
        return f"{kind} is no longer taken" if kind else f"only {taken} is taken now"
    return f"may be {kind or 'anything'} now, was {taken}"


def _values(schema: Node) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _value_changes(values: list[Any] | None, taken: list[Any], *, request: bool) -> Iterator[Change]:
    if values is None:
        shown = ", ".join(json.dumps(one) for one in taken)
        yield "", f"only {shown} is taken now" if request else f"may be something else than {shown} now"
        return
    for value in values:
        if value not in taken:
            yield "", f"{json.dumps(value)} is no longer taken" if request else f"may be {json.dumps(value)} now"


def _bound_changes(wide: Node, narrow: Node, *, request: bool) -> Iterator[Change]:
    for word in (*_LOWER, *_UPPER, *_ALIKE):
        bound, had = narrow.get(word), wide.get(word, wide.get(_STRICTER.get(word, word)))
        if bound is not None and bound is not False and not _holds(word, had, bound):
            old, new = _old_and_new(had, bound, request=request)
            yield "", f"{word} is {_shown(new)} now, was {_shown(old)}"


def _holds(word: str, had: Any, bound: Any) -> bool:
    """Whether what keeps to `had` keeps to `bound`."""
    if word == "multipleOf" and isinstance(had, int) and isinstance(bound, int) and bound:
        return had % bound == 0
    if word in _ALIKE:
        return had == bound or (had, bound) in _HOLDS
    if not isinstance(bound, int | float) or isinstance(bound, bool) or (word in _LOWER[2:] and bound == 0):
        return True
    if not isinstance(had, int | float):
        return False
    return had >= bound if word in _LOWER else had <= bound


def _old_and_new(wide: Any, narrow: Any, *, request: bool) -> tuple[Any, Any]:
    return (wide, narrow) if request else (narrow, wide)


def _properties(schema: Node) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _required(schema: Node) -> set[str]:
    found = schema.get("required")
    return set(map(str, found)) if isinstance(found, list) else set()


def _below(step: str, changes: tuple[Change, ...]) -> Iterator[Change]:
    return ((f"{step}{way}", what) for way, what in changes)


def _shown(value: Any) -> str:
    return "nothing" if value is None or value is False else json.dumps(value, ensure_ascii=False)
