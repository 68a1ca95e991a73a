"""Reach: what there is to reach in a document, what exchanges reach of it, and what is said of the rest."""

import base64
import json
from typing import Any

import msgspec
import pytest

from suites.contract.reach.exchanges import FILTERED, Exchange, exchanges_of
from suites.contract.reach.measure import Reach, measure

DEEP = b"[" * 200_000
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 3},
        "kind": {"enum": ["a", "b", None]},
        "tags": {
            "type": "array",
            "items": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 5}}},
        },
        "of": {"$ref": "#/components/schemas/Thing"},
    },
    "examples": [{"name": "x"}],
}

INTEGERS = {"type": "array", "minItems": 2, "items": {"type": "integer"}}


def document(*parameters: dict[str, Any], version: str = "3.1.0", **operation: Any) -> dict[str, Any]:
    """Return a document with one operation, `POST /things`."""
    responses = operation.pop("responses", {"200": {"description": "fine"}})
    node = {"parameters": list(parameters), "responses": responses, **operation}
    return {"openapi": version, "paths": {"/things": {"post": node}}, "components": {"schemas": {"Thing": THING}}}


def parameter(schema: Any, place: str = "query", **more: Any) -> dict[str, Any]:
    """Return a parameter named `q`."""
    return {"name": "q", "in": place, "schema": schema, **more}


def sent(*texts: str, place: str = "query", body: Any = msgspec.UNSET, status: int = 200) -> Exchange:
    """Return an exchange with these values of `q`."""
    return Exchange(
        operation="POST /things", parameters={place: {"q": texts} if texts else {}}, status=status, body=body
    )


def with_body() -> dict[str, Any]:
    """Return a document whose operation takes a thing."""
    return document(requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}})


def missing(reach: Reach, dimension: str) -> set[str]:
    """Return what was not reached of a dimension."""
    return {one.what for one in reach.unreached if one.dimension == dimension}


def counts(reach: Reach, dimension: str) -> tuple[int, int]:
    """Return how much of a dimension was reached, and how much there is."""
    return next((one.reached, one.total) for one in reach.dimensions if one.name == dimension)


@pytest.mark.parametrize(
    ("schema", "texts", "left"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, (), {"valid", "invalid", "minimum 1", "maximum 9"}),
        ({"type": "integer", "minimum": 1, "maximum": 9}, ("5",), {"absent", "invalid", "minimum 1", "maximum 9"}),
        ({"type": "integer", "minimum": 1, "maximum": 9}, ("9",), {"absent", "invalid", "minimum 1"}),
        ({"type": "integer", "minimum": 1, "maximum": 9}, ("10",), {"absent", "valid", "minimum 1", "maximum 9"}),
        ({"type": "integer", "exclusiveMinimum": 1}, ("2",), {"absent", "invalid"}),
        ({"type": "string"}, ("x",), {"absent"}),
        ({"type": "string", "maxLength": 2}, ("é!",), {"absent", "invalid"}),
        ({"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]}, ("",), {"absent", "valid", "minLength 2"}),
        ({"type": "boolean"}, ("true",), {"absent", "invalid"}),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, ("x", "y"), {"absent", "valid"}),
        *((INTEGERS, texts, {"absent", "invalid"}) for texts in (("1,2",), ("1|2",), ("1 2",), ("1", "2"))),
        (INTEGERS, ("1,two",), {"absent", "valid"}),
        ({"type": "string", "format": "uuid"}, ("no",), {"absent", "valid"}),
        ({"type": "string", "maxLength": 9}, (FILTERED,), {"absent", "valid", "invalid", "maxLength 9"}),
        ({"type": "string", "pattern": "("}, ("x",), {"absent"}),
        ({"$ref": "#/nowhere"}, ("x",), {"absent"}),
        ({"$ref": "https://example.com/x"}, ("x",), {"absent"}),
    ],
)
def test_parameters(schema: Any, texts: tuple[str, ...], left: set[str]) -> None:
    """A parameter is to be absent, valid, invalid where that can be sent, and at each boundary."""
    reach = measure(document(parameter(schema)), [sent(*texts)])
    assert {f"query parameter `q`: {what}" for what in left} == missing(reach, "parameters")


def test_path_parameter_is_never_absent() -> None:
    """A path without its parameter is another path."""
    reach = measure(document(parameter({"type": "integer"}, "path")), [sent("1", place="path")])
    assert {"path parameter `q`: invalid"} == missing(reach, "parameters")


@pytest.mark.parametrize(("name", "total"), [("Authorization", 0), ("X-Q", 2)])
def test_headers(name: str, total: int) -> None:
    """Headers are told apart without regard to case; those that OpenAPI describes elsewhere are not counted."""
    described = {"name": name, "in": "header", "schema": {"type": "string"}}
    exchange = Exchange(operation="POST /things", parameters={"header": {"x-q": ("1",)}}, status=200)
    assert (min(total, 1), total) == counts(measure(document(described), [exchange]), "parameters")


def test_enums_and_examples() -> None:
    """Each value of an enum, and each example, is to be sent as it is; true is no number."""
    described = parameter({"enum": ["a", 1, True]}, examples={"good": {"value": "a"}, "bad": {"externalValue": "x"}})
    reach = measure(document(described), [sent("1")])
    assert {'query parameter `q`: "a"', "query parameter `q`: true"} == missing(reach, "enums")
    assert {'query parameter `q`: "a"'} == missing(reach, "examples")


def test_values_that_are_hard_to_show() -> None:
    """A value of an enum may be half of a surrogate pair, or larger than any machine's numbers."""
    reach = measure(document(parameter({"enum": ["\ud800", 10**30]})), [])
    assert {r'query parameter `q`: "\ud800"', f"query parameter `q`: {10**30}"} == missing(reach, "enums")


@pytest.mark.parametrize(
    ("statuses", "seen", "left"),
    [
        (("200", "404"), (200,), {"status 404"}),
        (("2XX", "4xx"), (204, 418), set()),
        (("200", "default"), (200,), {"status default"}),
        (("200", "default"), (500,), {"status 200"}),
    ],
)
def test_statuses(statuses: tuple[str, ...], seen: tuple[int, ...], left: set[str]) -> None:
    """Documented statuses are seen as such, as ranges, and as `default` where nothing else fits."""
    reach = measure(document(responses={status: {} for status in statuses}), [sent(status=status) for status in seen])
    assert left == missing(reach, "statuses")
    assert {what.removeprefix("status ") for what in left} == set(reach.operations[0].unseen)


def test_body_properties() -> None:
    """Properties are to be present and absent, also within lists, at their boundaries, with each value of an enum."""
    bodies = [{"name": "abc", "kind": "a", "tags": [{"size": 5}, {}]}, {"kind": 3}]
    reach = measure(with_body(), [sent(body=body) for body in bodies])
    left = missing(reach, "properties")
    assert {
        "body property `name`: minLength 1",
        "body property `of`: present",
        "body property `of.name`: absent",
        "body property `of.name`: present",
    } <= left
    assert not {what for what in left if "size" in what and not what.startswith("body property `of")}
    assert 'body property `kind`: "b"' in missing(reach, "enums")


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (msgspec.UNSET, {"body: valid", "body: invalid"}),
        ({"name": "x"}, {"body: absent", "body: invalid"}),
        ("{", {"body: absent", "body: valid"}),
        (None, {"body: absent", "body: valid"}),
    ],
)
def test_bodies(body: Any, left: set[str]) -> None:
    """A body is to be absent, valid and invalid."""
    assert left == missing(measure(with_body(), [sent(body=body)]), "parameters")


def test_recursive_schema_ends() -> None:
    """A schema that contains itself is followed some steps, and no more."""
    assert counts(measure(with_body(), []), "properties")[1] < 100


def test_older_version() -> None:
    """OpenAPI 3.0 says exclusive bounds with a truth value, which is no boundary."""
    schema = {"type": "integer", "minimum": 1, "exclusiveMinimum": True}
    reach = measure(document(parameter(schema), version="3.0.3"), [sent("1")])
    assert {"absent", "valid"} == {what.rsplit(" ", 1)[1] for what in missing(reach, "parameters")}


def test_every_unreached_thing_says_how() -> None:
    """Nothing is left unreached without a sentence that says what would reach it."""
    statuses = ("200", "302", "404", "418", "503", "5XX", "default")
    described = document(parameter({"type": "integer", "minimum": 1}), responses={status: {} for status in statuses})
    reach = measure(described, [])
    assert counts(reach, "operations") == (0, 1)
    assert all(len(one.how.split()) > 2 for one in reach.unreached)
    assert "send it for something that is not there" in {one.how for one in reach.unreached}


def test_one_operation_alone() -> None:
    """A run that is narrowed to one operation is measured by that one."""
    described = document()
    described["paths"]["/others"] = {"get": {"responses": {"200": {}}}}
    reach = measure(described, [sent()], only={"POST /things"})
    assert [one.operation for one in reach.operations] == ["POST /things"]
    assert counts(reach, "operations") == (1, 1)


@pytest.mark.parametrize("paths", [None, [], {"/x": None}, {"/x": {"$ref": "#/paths/~1x"}}, {"/x": {"parameters": 3}}])
def test_no_operations(paths: Any) -> None:
    """Where there are no operations nothing was measured."""
    assert measure({"openapi": "3.1.0", "paths": paths}, []).dimensions == ()


def recorded(**changes: Any) -> dict[str, Any]:
    """Return the recording of one scenario of Schemathesis with one case."""
    case = {"method": "POST", "path": "/things/{id}", "path_parameters": {"id": 7}, "meta": {}}
    request = {"uri": "http://127.0.0.1:1/things/7?q=1&q=&r=%C3%A9", "headers": {"X-Kind": ["k"]}}
    interaction = {"request": request, "response": {"status_code": 201}}
    return {"cases": {"c": {"value": case | changes}}, "interactions": {"c": interaction}}


def test_recordings() -> None:
    """What was sent is taken from the wire: each value of the query, headers in lower case, the path's parameters."""
    recorder = recorded()
    text = base64.b64encode(json.dumps({"a": 1}).encode()).decode()
    recorder["interactions"]["c"]["request"]["body"] = {"$base64": text}
    (exchange,) = exchanges_of([recorder, {}])
    assert (exchange.operation, exchange.status, exchange.body) == ("POST /things/{id}", 201, {"a": 1})
    assert exchange.parameters["query"] == {"q": ("1", ""), "r": ("é",)}
    assert (exchange.parameters["path"]["id"], exchange.parameters["header"]["x-kind"]) == (("7",), ("k",))


def test_hidden_headers() -> None:
    """A header that Schemathesis hides is known where it says what it had generated."""
    recorder = recorded(meta={"raw_containers": {"header": {"X-Key": "abc"}}})
    recorder["interactions"]["c"]["request"]["headers"] = {"X-Key": [FILTERED], "Cookie": [FILTERED]}
    (exchange,) = exchanges_of([recorder])
    assert exchange.parameters["header"] == {"x-key": ("abc",), "cookie": (FILTERED,)}


@pytest.mark.parametrize(
    ("content", "body"),
    [(b"", msgspec.UNSET), (b"{", "{"), (b"\xff", "\ufffd"), (b"null", None), (DEEP, DEEP.decode())],
)
def test_recorded_bodies(content: bytes, body: Any) -> None:
    """A body that is no JSON is a text, and one that nobody can read; an empty one is none."""
    recorder = recorded()
    recorder["interactions"]["c"]["request"]["body"] = {"$base64": base64.b64encode(content).decode()}
    (exchange,) = exchanges_of([recorder])
    assert body == exchange.body


def test_unanswered_requests_reach_nothing() -> None:
    """A request that nobody answered is no exchange."""
    recorder = recorded()
    recorder["interactions"]["c"]["response"] = None
    assert list(exchanges_of([recorder])) == []
