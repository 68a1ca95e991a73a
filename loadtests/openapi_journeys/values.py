"""Valid values for schemas: what the document offers, else something plain that is made, seeded, and checked."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
from rstr import Rstr

from harness.errors import RequestError
from loadtests.openapi_journeys.document import Document, UnusableError

_ROOT = "urn:document"
ATTEMPTS = 40
DEEPEST = 12
LONGEST_TEXT = 64
LONGEST_MADE = 4096  # characters that a pattern may ask for
OPTIONAL_SHARE = 0.3
WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "juniper")
FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "date-time": lambda chance: f"20{chance.randint(20, 29)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T12:00:00Z",
    "date": lambda chance: f"20{chance.randint(20, 29)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
    "time": lambda chance: f"1{chance.randint(0, 9)}:30:00Z",
    "duration": lambda chance: f"PT{chance.randint(1, 59)}M",
    "uuid": lambda chance: f"{chance.getrandbits(32):08x}-0000-4000-8000-{chance.getrandbits(48):012x}",
    "email": lambda chance: f"{chance.choice(WORDS)}{chance.randint(0, 9999)}@example.com",
    "uri": lambda chance: f"https://example.com/{chance.choice(WORDS)}",
    "hostname": lambda chance: f"{chance.choice(WORDS)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randint(1, 254)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randint(1, 9999)}",
    "byte": lambda _chance: "cHJvdmluZw==",
}


class Values:
    """Makes values for the schemas of one document; the same seed makes the same ones."""

    def __init__(self, document: Document, seed: int) -> None:
        self._document = document
        self._chance = random.Random(seed)  # noqa: S311 - test data
        self._texts = Rstr(self._chance)
        old = document.is_3_0
        self._kind = jsonschema_rs.Draft4Validator if old else jsonschema_rs.Draft202012Validator
        draft = jsonschema_rs.Draft4 if old else jsonschema_rs.Draft202012
        try:
            self._registry = jsonschema_rs.Registry([(_ROOT, dict(document.content))], draft, _refuse)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise RequestError(f"the OpenAPI document is not understood: {_sentence(error)}") from error

    def valid(self, schema: Any, count: int) -> list[Any]:
        """Return up to `count` different valid values: first what the schema itself offers, then made ones.

        Raises:
            UnusableError: none was found; says why.

        """
        check = self._validator(schema)
        values: list[Any] = []
        for attempt in range(ATTEMPTS):
            value = self._attempt(schema, extras=attempt > 0)
            if value not in values and check(value):
                values.append(value)
            if len(values) == count:
                break
        if not values:
            raise UnusableError(f"no value was found in {ATTEMPTS} attempts that its schema takes")
        return values

    def offered(self, schema: Any) -> list[Any]:
        """Return the values that a schema itself offers."""
        return _offered(self._document.resolve(schema)) if isinstance(schema, Mapping) else []

    def _attempt(self, schema: Any, *, extras: bool) -> Any:
        try:
            return self._make(schema, 0, extras=extras)
        except RecursionError:
            raise UnusableError("its schema contains itself without an end") from None
        except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise UnusableError(f"its schema is not understood: {type(error).__name__}: {error}") from error

    def _validator(self, schema: Any) -> Callable[[Any], bool]:
        try:
            return self._kind(_rooted(schema), registry=self._registry).is_valid
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise UnusableError(f"its schema is none: {_sentence(error)}") from error

    def _make(self, schema: Any, depth: int, *, extras: bool) -> Any:
        if depth > DEEPEST:
            raise RecursionError
        if not isinstance(schema, Mapping):
            return self._chance.choice(WORDS)
        schema = self._whole(schema, depth)
        if offered := _offered(schema):
            return self._chance.choice(offered)
        return self._of_kind(_kind_of(schema), schema, depth, extras=extras)

    def _of_kind(self, kind: str, schema: Mapping[str, Any], depth: int, *, extras: bool) -> Any:
        if kind == "object":
            return dict(self._properties(schema, depth, extras=extras))
        if kind == "array":
            fewest = schema.get("minItems", 0)
            number = fewest + (1 if extras and fewest < schema.get("maxItems", fewest + 1) else 0)
            return [self._make(schema.get("items", {}), depth + 1, extras=extras) for _ in range(min(number, 20))]
        if kind in {"integer", "number"}:
            return _number(schema, self._chance, whole=kind == "integer")
        if kind in {"boolean", "null"}:
            return self._chance.choice((True, False)) if kind == "boolean" else None
        return self._text(schema)

    def _whole(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Return a schema with its references followed, `allOf` joined, and one alternative chosen."""
        if depth > DEEPEST:
            raise RecursionError
        whole = dict(self._document.resolve(schema))
        parts = list(whole.pop("allOf", ()))
        for word in ("oneOf", "anyOf"):
            alternatives = [one for one in whole.pop(word, ()) if one != {"type": "null"}]
            if alternatives:
                parts.append(self._chance.choice(alternatives))
        for part in parts:
            if isinstance(part, Mapping):
                whole = _joined(whole, self._whole(part, depth + 1))
        return whole

    def _properties(self, schema: Mapping[str, Any], depth: int, *, extras: bool) -> Iterator[tuple[str, Any]]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        for name in dict.fromkeys([*required, *properties]):
            node = properties.get(name, {})
            if name in required:
                yield name, self._make(node, depth + 1, extras=extras)
            elif extras and self._chance.random() < OPTIONAL_SHARE and not self._is_read_only(node):
                try:
                    yield name, self._make(node, depth + 1, extras=extras)
                except RecursionError:
                    continue  # what contains itself ends where it may be left out

    def _is_read_only(self, node: Any) -> bool:
        return isinstance(node, Mapping) and bool(self._document.resolve(node).get("readOnly"))

    def _text(self, schema: Mapping[str, Any]) -> str:
        shortest = min(schema.get("minLength", 0), LONGEST_MADE)
        longest = schema.get("maxLength", max(shortest, LONGEST_TEXT))
        if pattern := schema.get("pattern"):
            try:
                return str(self._texts.xeger(pattern))[:LONGEST_MADE]
            except (re.error, OverflowError, KeyError, IndexError) as error:
                raise UnusableError(f"the pattern {pattern!r} is not understood: {error}") from error
        if make := FORMATS.get(str(schema.get("format"))):
            return make(self._chance)
        text = f"{self._chance.choice(WORDS)}-{self._chance.getrandbits(40):x}"
        return text.ljust(shortest, "x")[:longest]


def _rooted(node: Any) -> Any:
    """Return a schema whose references start at the whole document."""
    if isinstance(node, list):
        return [_rooted(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: f"{_ROOT}{value}" if name == "$ref" and str(value).startswith("#") else _rooted(value)
        for name, value in node.items()
    }


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is outside the document")


def _offered(schema: Mapping[str, Any]) -> list[Any]:
    given = [schema[word] for word in ("const", "example") if word in schema]
    examples = schema.get("examples")
    given += examples if isinstance(examples, list) else []
    if not given and isinstance(schema.get("enum"), list):
        given = [value for value in schema["enum"] if value is not None]
    if not given and schema.get("default") is not None:
        given = [schema["default"]]
    return given


def _kind_of(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type") or ("object" if "properties" in schema else "array" if "items" in schema else "string")
    if isinstance(kinds, list):
        kinds = next((kind for kind in kinds if kind != "null"), "null")
    return str(kinds)


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined = {**one, **other}
    if "properties" in joined:
        joined["properties"] = {**one.get("properties", {}), **other.get("properties", {})}
    if "required" in joined:
        joined["required"] = [*one.get("required", ()), *other.get("required", ())]
    return joined


def _number(schema: Mapping[str, Any], chance: random.Random, *, whole: bool) -> int | float:
    """Return a number between the bounds, near the lower one; exclusive bounds may be booleans (3.0) or numbers."""
    step = schema.get("multipleOf", 1 if whole else 0.5)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    low = above if isinstance(above, int | float) and not isinstance(above, bool) else low
    high = below if isinstance(below, int | float) and not isinstance(below, bool) else high
    if low is None:
        low = 1 if high is None or high > step else high - 10 * step
    first = -(-low // step) + (1 if above and -(-low // step) * step == low else 0)
    last = first + 100 if high is None else high // step - (1 if below and high % step == 0 else 0)
    number = chance.randint(int(first), max(int(first), min(int(last), int(first) + 100))) * step
    return int(number) if whole else number
