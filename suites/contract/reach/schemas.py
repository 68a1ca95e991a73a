"""What reach asks of schemas: their alternatives, boundaries, enums, properties, and whether a value is valid."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import jsonschema_rs

from harness.openapi_document import Node, value_at

T = TypeVar("T")
MOST_REFERENCES = 50  # in a row
DEEPEST = 6  # properties within properties: deeper ones are seldom anybody's, and a recursive schema has no end
LONGEST_EDGE = 10_000  # characters of a text that is made to be at a boundary
_DOCUMENT = "urn:document"
_ODD_TEXTS = ("", "\x00", "not a value ~", "-1e400", "x" * 100_000, "99999999999999999999")
DELIMITERS = (",", "|", " ")
"""What stands between the values of a list in one parameter: the styles of OpenAPI."""

_SIMPLE: tuple[Any, ...] = ("a", "b", 1, 2, 0.5, True, {})
Check = Callable[[Any], bool]


class Schemas:
    """The schemas of one document."""

    def __init__(self, document: Node) -> None:
        self.document = document
        old = str(document.get("openapi", "")).startswith("3.0")
        self._read: Callable[[Any], Any] = _with_null if old else (lambda schema: schema)
        self._kind = jsonschema_rs.Draft4Validator if old else jsonschema_rs.Draft202012Validator
        self._draft = jsonschema_rs.Draft4 if old else jsonschema_rs.Draft202012

    @functools.cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(_DOCUMENT, self._read(dict(self.document)))], self._draft, _refuse)

    def resolve(self, node: Any) -> Node:
        """Follow references until there is none; what cannot be followed, or is no object, is an empty one."""
        for _ in range(MOST_REFERENCES):
            if not isinstance(node, Mapping) or "$ref" not in node:
                break
            try:
                node = value_at(self.document, str(node["$ref"]))
            except LookupError:
                return {}
        return node if isinstance(node, Mapping) and "$ref" not in node else {}

    def alternatives(self, schema: Any, depth: int = 0) -> Iterator[Node]:
        """Yield the schema and what it is composed of, resolved."""
        found = self.resolve(schema)
        yield found
        if depth < DEEPEST:
            for word in ("allOf", "anyOf", "oneOf"):
                for part in _listed(found, word):
                    yield from self.alternatives(part, depth + 1)

    def boundaries(self, schema: Any) -> Iterator[tuple[str, Check]]:
        """Yield each boundary in words, and whether a value is just at it."""
        shown = set()
        for part in self.alternatives(schema):
            for words, check in _boundaries(part):
                if words not in shown:
                    shown.add(words)
                    yield words, check

    def enum(self, schema: Any) -> list[Any]:
        """Return the values of its enums, null left out: a request says that by leaving the value out."""
        values: list[Any] = []
        for part in self.alternatives(schema):
            values += [value for value in _listed(part, "enum") if value is not None and value not in values]
        return values

    def edges(self, schema: Any) -> list[Any]:
        """Return the values of its enums, and numbers and texts at its boundaries, valid or not."""
        values = self.enum(schema)
        for part in self.alternatives(schema):
            values += [*(edge for _, edge in _numbers_at_edges(part)), *_texts_at_edges(part)]
        return values

    def examples(self, schema: Any) -> list[Any]:
        """Return the examples that the schema itself gives."""
        values: list[Any] = []
        for part in self.alternatives(schema):
            values += [*([part["example"]] if "example" in part else []), *_listed(part, "examples")]
        return values

    def properties(self, schema: Any) -> dict[str, Any]:
        """Return its properties by name."""
        return {
            str(name): inner
            for part in self.alternatives(schema)
            for name, inner in _object(part, "properties").items()
        }

    def items(self, schema: Any) -> Any:
        """Return the schema of its items; None where it is no array or says nothing of them."""
        return next((part["items"] for part in self.alternatives(schema) if "items" in part), None)

    def filled(self, schema: Any) -> list[Any] | None:
        """Return a valid list with something in it: two things where there may be two; None where none can be made."""
        valid, values = self.validity(schema), self._simple(self.items(schema))
        found = [values[:count] for count in (*range(min(2, len(values)), 0, -1), *range(3, len(values) + 1))]
        return next(filter(valid, found), None) if valid else None

    def _simple(self, schema: Any) -> list[Any]:
        """Return a few different values that are valid by a schema."""
        valid = self.validity(schema)
        candidates = [*self.examples(schema), *self.edges(schema), *_SIMPLE]
        return [one for at, one in enumerate(candidates) if valid and valid(one) and one not in candidates[:at]]

    def validity(self, schema: Any) -> Check | None:
        """Return whether a value is valid by a schema, as a function; None where the schema cannot be understood."""
        validator = self._validator(schema)
        return (lambda value: _asked(validator.is_valid, value, no_text=False)) if validator else None

    def errors(self, schema: Any) -> Callable[[Any], frozenset[tuple[str, ...]]] | None:
        """Return what is wrong with a value: where in it (`*` in lists), which words of the schema, which property."""
        validator = self._validator(schema)
        if validator is None:
            return None

        def errors(value: Any) -> frozenset[tuple[str, ...]]:
            return frozenset(map(_error, validator.iter_errors(value)))

        return lambda value: _asked(errors, value, no_text=frozenset({("no text",)}))

    def laxity(self, schema: Any) -> Check | None:
        """Return whether a value is valid by a schema but for its formats, of which nobody knows how far they go."""
        validator = self._validator(schema, formats=False)
        return (lambda value: _asked(validator.is_valid, value, no_text=True)) if validator else None

    def _validator(self, schema: Any, *, formats: bool = True) -> Any:
        try:
            return self._kind(_absolute(self._read(schema)), registry=self._registry, validate_formats=formats)
        except (ValueError, jsonschema_rs.ReferencingError):
            return None

    def refuses_texts(self, schema: Any) -> bool:
        """Whether something can be sent as a text that the schema does not take."""
        valid = self.validity(schema)
        return valid is not None and not all(any(valid(one) for one in readings((text,))) for text in _ODD_TEXTS)


def _object(schema: Node, word: str) -> Node:
    found = schema.get(word)
    return found if isinstance(found, Mapping) else {}


def _listed(schema: Node, word: str) -> list[Any]:
    found = schema.get(word)
    return found if isinstance(found, list) else []


def _asked(question: Callable[[Any], T], value: Any, no_text: T) -> T:
    """Return the answer about a value that can be asked: half of a surrogate pair is no text, nor is any depth."""
    try:
        return question(value)
    except ValueError:
        return no_text


def readings(texts: tuple[str, ...]) -> Iterator[Any]:
    """Yield what a parameter's texts can mean: a text, a number, a truth value, a list of texts or numbers."""
    if len(texts) != 1:
        yield from _lists(texts)
        return
    (text,) = texts
    yield text
    for read in (int, float):
        try:
            number = read(text)
        except (ValueError, OverflowError):
            continue
        if number == number and abs(number) < 1e300:  # noqa: PLR0124 - neither NaN nor infinite
            yield number
    if text in {"true", "false"}:
        yield text == "true"
    for delimiter in DELIMITERS:
        yield from _lists(text.split(delimiter))


def _lists(texts: Sequence[str]) -> Iterator[list[Any]]:
    yield list(texts)
    with contextlib.suppress(ValueError):
        yield [int(text) for text in texts]


def _boundaries(schema: Node) -> Iterator[tuple[str, Check]]:
    for shown, edge in _numbers_at_edges(schema):
        yield shown, _is_at(edge)
    for kind, words in ((str, ("minLength", "maxLength")), (list, ("minItems", "maxItems"))):
        for word in words:
            bound: Any = schema.get(word)
            if _is_number(bound):
                yield f"{word} {bound}", _is_as_long_as(kind, bound)


def _numbers_at_edges(schema: Node) -> Iterator[tuple[str, Any]]:
    for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        bound = _whole(schema.get(word))
        if _is_number(bound) and (word in {"minimum", "maximum"} or schema.get("type") == "integer"):
            yield f"{word} {bound}", bound + {"exclusiveMinimum": 1, "exclusiveMaximum": -1}.get(word, 0)


def _whole(bound: Any) -> Any:
    """Return a bound as the integer that it is, where it is written as 1.0."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _texts_at_edges(schema: Node) -> Iterator[str]:
    bounds: list[Any] = [schema.get(word) for word in ("minLength", "maxLength")]
    yield from ("x" * bound for bound in bounds if isinstance(bound, int) and bound <= LONGEST_EDGE)


def _is_at(edge: float) -> Check:
    return lambda value: _is_number(value) and value == edge


def _is_as_long_as(kind: type[str | list[Any]], bound: int) -> Check:
    return lambda value: isinstance(value, kind) and len(value) == bound


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _error(error: jsonschema_rs.ValidationError) -> tuple[str, ...]:
    place = ["*" if isinstance(part, int) else part for part in error.instance_path]
    return ("/".join(place), "/".join(map(str, error.schema_path)), str(getattr(error.kind, "property", "")))


def _absolute(schema: Any) -> Any:
    """Return a schema whose references name the document, so that it can be read apart from it."""
    if isinstance(schema, Mapping):
        return {
            key: f"{_DOCUMENT}{value}" if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _with_null(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema says that a value may be null: it has a word of its own for it."""
    if isinstance(schema, list):
        return [_with_null(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {key: _with_null(value) for key, value in schema.items()}
    if schema.get("nullable") is True and isinstance(kind := schema.get("type"), str):
        found["type"] = [kind, "null"]
    return found


def _refuse(uri: str) -> Any:
    """Fetch nothing: a document that refers to other places is not read there."""
    raise ValueError(f"{uri} lies outside the document")
