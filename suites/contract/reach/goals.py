"""The things of a document that can be reached, each with the question whether an exchange reaches it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from harness.contract_records import Unreached
from harness.openapi_document import Node
from suites.contract.reach.exchanges import FILTERED, Exchange
from suites.contract.reach.hints import hint
from suites.contract.reach.schemas import DEEPEST, Check, Schemas, readings

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LONGEST_SHOWN = 60
IGNORED_HEADERS = {"accept", "content-type", "authorization"}  # OpenAPI has other words for them

Reaches = Callable[[Exchange], bool]


class Goal(NamedTuple):
    """One thing to reach. `missing` is what the evidence says while it is not reached."""

    missing: Unreached
    is_reached_by: Reaches


class Operation(NamedTuple):
    """An operation as documented, its parameters resolved."""

    name: str
    node: Node
    parameters: tuple[Node, ...]

    @property
    def statuses(self) -> tuple[str, ...]:
        """Its documented statuses, ranges and `default` among them."""
        found = self.node.get("responses")
        return tuple(str(status) for status in found) if isinstance(found, Mapping) else ()


def operations(schemas: Schemas) -> Iterator[Operation]:
    """Yield every operation of the document, in its order."""
    paths = schemas.document.get("paths")
    for path, found in (paths if isinstance(paths, Mapping) else {}).items():
        item = schemas.resolve(found)
        for method in METHODS:
            if method in item:
                node = schemas.resolve(item[method])
                listed = [schemas.resolve(one) for one in [*_list(item, "parameters"), *_list(node, "parameters")]]
                named = {(str(one["in"]), str(one["name"])): one for one in listed if "in" in one and "name" in one}
                yield Operation(f"{method.upper()} {path}", node, tuple(named.values()))


def goals(operation: Operation, schemas: Schemas) -> Iterator[Goal]:
    """Yield everything that there is to reach of one operation."""
    name = operation.name
    yield Goal(Unreached(dimension="operations", operation=name, what="the operation", how=f"send {name}"), _always)
    for status in operation.statuses:
        missing = Unreached(dimension="statuses", operation=name, what=f"status {status}", how=hint(status))
        yield Goal(missing, _has_status(status, operation.statuses))
    for parameter in operation.parameters:
        if str(parameter["in"]) != "header" or str(parameter["name"]).lower() not in IGNORED_HEADERS:
            yield from _parameter_goals(name, parameter, schemas)
    yield from _body_goals(operation, schemas)


def _parameter_goals(operation: str, parameter: Node, schemas: Schemas) -> Iterator[Goal]:
    place, name = str(parameter["in"]), str(parameter["name"])
    shown = f"{place} parameter `{name}`"
    key = name.lower() if place == "header" else name
    schema = schema_of(parameter)

    def goal(dimension: str, what: str, how: str, check: Callable[[tuple[str, ...]], bool]) -> Goal:
        missing = Unreached(dimension=dimension, operation=operation, what=f"{shown}: {what}", how=how)
        return Goal(missing, lambda exchange: check(exchange.parameters.get(place, {}).get(key, ())))

    if place != "path":
        yield goal("parameters", "absent", f"leave the {shown} out", lambda texts: not texts)
    if valid := schemas.validity(schema):
        yield goal("parameters", "valid", f"send a valid {shown}", _some(valid))
        if schemas.refuses_texts(schema):
            yield goal("parameters", "invalid", f"send a {shown} that its schema refuses", _no(valid))
    for words, check in schemas.boundaries(schema):
        if place != "path" or not words.endswith("Length 0"):
            yield goal("parameters", words, f"send the {shown} with a value just at {words}", _some(check))
    for value in schemas.enum(schema):
        yield goal("enums", _shown(value), f"send the {shown} as {_shown(value)}", _some(_same(value)))
    for value in examples_of(parameter, schemas.examples(schema)):
        yield goal("examples", _shown(value), f"send the {shown} as in its example", _some(_same(value)))


def _body_goals(operation: Operation, schemas: Schemas) -> Iterator[Goal]:
    body = schemas.resolve(operation.node.get("requestBody"))
    content = body.get("content")
    media = [(str(kind), schemas.resolve(one)) for kind, one in content.items()] if isinstance(content, Mapping) else []
    if not media:
        return
    parts = _Body(operation.name, schemas)
    yield parts.goal("parameters", "body: absent", "leave the body out", lambda sent: sent is msgspec.UNSET)
    for kind, described in media:
        if not (kind == "application/json" or kind.endswith("+json")):
            continue
        schema = described.get("schema", True)
        if valid := schemas.validity(schema):
            yield parts.goal("parameters", "body: valid", "send a valid body", _given(valid))
            yield parts.goal("parameters", "body: invalid", "send a body that its schema refuses", _given(_not(valid)))
        for value in examples_of(described, schemas.examples(schema)):
            yield parts.goal("examples", f"body: {_shown(value)}", "send the body as in its example", _same(value))
        yield from parts.properties(schema, (), 0)


class _Body:
    """The goals of one operation's JSON body."""

    def __init__(self, operation: str, schemas: Schemas) -> None:
        self._operation = operation
        self._schemas = schemas

    def goal(self, dimension: str, what: str, how: str, check: Check) -> Goal:
        missing = Unreached(dimension=dimension, operation=self._operation, what=what, how=how)
        return Goal(missing, lambda exchange: check(exchange.body))

    def properties(self, schema: Any, way: tuple[str, ...], depth: int) -> Iterator[Goal]:
        """Yield the goals of each property below a place; `way` leads there, `[]` through every item of a list."""
        if depth > DEEPEST:
            return
        items = self._schemas.items(schema)
        if items is not None:
            yield from self.properties(items, (*way, "[]"), depth + 1)
        for name, inner in self._schemas.properties(schema).items():
            yield from self._property(name, inner, way)
            yield from self.properties(inner, (*way, name), depth + 1)

    def _property(self, name: str, schema: Any, way: tuple[str, ...]) -> Iterator[Goal]:
        shown = f"body property `{'.'.join((*way, name))}`"

        def absent(body: Any) -> bool:
            return any(isinstance(parent, Mapping) and name not in parent for parent in _at(body, way))

        def some(check: Check) -> Check:
            return lambda body: any(check(value) for value in _at(body, (*way, name)))

        yield self.goal("properties", f"{shown}: absent", f"leave the {shown} out", absent)
        yield self.goal("properties", f"{shown}: present", f"send the {shown}", some(_always))
        for words, check in self._schemas.boundaries(schema):
            how = f"send the {shown} with a value just at {words}"
            yield self.goal("properties", f"{shown}: {words}", how, some(check))
        for value in self._schemas.enum(schema):
            how = f"send the {shown} as {_shown(value)}"
            yield self.goal("enums", f"{shown}: {_shown(value)}", how, some(_same(value)))
        for value in self._schemas.examples(schema):
            how = f"send the {shown} as in its example"
            yield self.goal("examples", f"{shown}: {_shown(value)}", how, some(_same(value)))


def is_documented_as(status: int, documented: str, others: tuple[str, ...]) -> bool:
    """Whether a status is what the document has as a status, a range such as 4XX, or `default` (none of the others)."""
    if documented.lower() == "default":
        return not any(is_documented_as(status, other, ()) for other in others if other.lower() != "default")
    return documented in {str(status), f"{status // 100}XX", f"{status // 100}xx"}


def _has_status(documented: str, others: tuple[str, ...]) -> Reaches:
    return lambda exchange: is_documented_as(exchange.status, documented, others)


def _always(_anything: Any) -> bool:
    return True


def _at(value: Any, way: tuple[str, ...]) -> Iterator[Any]:
    """Yield the values at a place in a body: several where the way leads through lists."""
    if not way:
        yield value
    elif way[0] == "[]":
        for one in value if isinstance(value, list) else ():
            yield from _at(one, way[1:])
    elif isinstance(value, Mapping) and way[0] in value:
        yield from _at(value[way[0]], way[1:])


def _some(check: Check) -> Callable[[tuple[str, ...]], bool]:
    """Whether a parameter was sent, and something that its texts can mean passes; what is hidden says nothing."""
    return lambda texts: bool(texts) and FILTERED not in texts and any(check(value) for value in readings(texts))


def _no(check: Check) -> Callable[[tuple[str, ...]], bool]:
    """Whether a parameter was sent, and nothing that its texts can mean passes."""
    return lambda texts: bool(texts) and FILTERED not in texts and not any(check(value) for value in readings(texts))


def _given(check: Check) -> Check:
    return lambda body: body is not msgspec.UNSET and check(body)


def _not(check: Check) -> Check:
    return lambda value: not check(value)


def _same(wanted: Any) -> Check:
    """Whether a value is this one; to JSON, unlike to Python, true is no number."""
    return lambda value: value == wanted and isinstance(value, bool) is isinstance(wanted, bool)


def schema_of(parameter: Node) -> Any:
    """Return a parameter's schema, which may stand below a media type."""
    content = parameter.get("content")
    if isinstance(content, Mapping) and content:
        return True  # a text in a format of its own: whether it is valid is not ours to read
    return parameter.get("schema", True)


def examples_of(described: Node, of_schema: list[Any]) -> list[Any]:
    """Return the examples of a parameter or a media type; those of its schema where it has none."""
    named = described.get("examples")
    values = [described["example"]] if "example" in described else []
    listed = named.values() if isinstance(named, Mapping) else ()
    values += [one["value"] for one in listed if isinstance(one, Mapping) and "value" in one]
    return values or of_schema


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace").decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _list(node: Node, key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []
