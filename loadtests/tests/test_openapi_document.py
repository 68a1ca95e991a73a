"""From an OpenAPI document to requests, without a target: what is read, what is made, what is refused."""

import json
from typing import Any

import jsonschema_rs
import pytest

from harness.errors import Inconclusive, ProvingGroundError, RequestError
from loadtests.made_journeys import Call, MadeJourney, MadeJourneys, Making
from loadtests.openapi_journeys.calls import Calls
from loadtests.openapi_journeys.document import Document, Operation, UnusableError
from loadtests.openapi_journeys.identifiers import id_of_made, ids_in, links_of
from loadtests.openapi_journeys.making import ANONYMOUS, DEFAULT_PROFILES, Rehearser, fitted, journeys_of_document
from loadtests.openapi_journeys.rehearsal import Answer
from loadtests.openapi_journeys.values import Values
from loadtests.profile import read_profile

FINE = {"200": {"description": "fine"}}
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
THING = {"$ref": "#/components/schemas/Thing"}


def document(paths: Any, version: str = "3.1.0", **schemas: Any) -> dict[str, Any]:
    """Return a document with these paths and schemas."""
    return {"openapi": version, "paths": paths, "components": {"schemas": schemas}}


def get(**more: Any) -> dict[str, Any]:
    """Return a path with a GET."""
    return {"get": {"responses": FINE, **more}}


def query(schema: Any) -> dict[str, Any]:
    """Return a GET with a required query parameter."""
    return get(parameters=[{"name": "q", "in": "query", "required": True, "schema": schema}])


def refused(_call: Call) -> Answer:
    """Answer everything with a refusal."""
    return Answer(403)


def made(content: Any, *, writes: bool = True) -> MadeJourneys:
    """Make journeys on a target that takes everything."""
    everybody = [Rehearser(ANONYMOUS, None, lambda _call: Answer(200, {"id": 1}))]
    return journeys_of_document(content, everybody, 1, writes=writes)


def calls_of(content: dict[str, Any], seed: int = 1) -> list[Call]:
    """Return the calls of a document's first operation."""
    read = Document(content)
    operation = next(one for one in read.operations() if isinstance(one, Operation))
    return Calls(read, Values(read, seed)).of(operation, [{}])


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (None, RequestError, "is no object but NoneType"),
        ({"swagger": "2.0", "paths": {"/": get()}}, RequestError, "is not of version 3 (Swagger 2.0)"),
        ({"openapi": "4.0.0"}, RequestError, "is not of version 3 (openapi 4.0.0)"),
        (document({}), RequestError, "has no operations"),
        (document([]), RequestError, "has no operations"),
        (document({"/": get(x=ENDLESS)}), RequestError, "or contains itself"),
        (document({"/": {"$ref": "#/nowhere"}}), Inconclusive, "ANY /: $ref '#/nowhere' leads nowhere"),
        (document({"/": {"$ref": "#/paths/~1"}}), Inconclusive, "ANY /: $ref '#/paths/~1' leads round in a circle"),
        (document({"/": {"get": 3}}), Inconclusive, "GET /: '3' stands where an object should"),
        (document({"/": get(parameters=[{"name": "x"}])}), Inconclusive, "GET /: a parameter without 'in'"),
        (document({"/": query({"$ref": "https://example.com/x"})}), Inconclusive, "leads outside the document"),
        (document({"/": query({"type": "nonsense"})}), Inconclusive, "GET /: its schema is none"),
        (document({"/": query({"type": "string", "pattern": "("})}), Inconclusive, "GET /: its schema is none"),
        (document({"/": query({"not": {}})}), Inconclusive, "no value was found"),
        (
            document({"/": query(THING)}, Thing={"type": "object", "required": ["of"], "properties": {"of": THING}}),
            Inconclusive,
            "GET /: its schema contains itself without an end",
        ),
        (
            document({"/": {"post": {"responses": 3, "requestBody": {"content": 4}}}}),
            Inconclusive,
            "POST /: it writes: only where we serve",
        ),
        (document({"/{id}": get()}), Inconclusive, "the path has {id}, and no parameter describes it"),
        (document({"/": {"post": {"responses": FINE}}}), Inconclusive, "POST /: it writes: only where we serve"),
    ],
)
def test_hostile(content: Any, kind: type[ProvingGroundError], said: str) -> None:
    """What cannot be used is one clear line, with the operation and the reason, and the right exit code."""
    with pytest.raises(kind) as caught:
        made(content, writes=False)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rest_goes_on() -> None:
    """What cannot be used is named, and does not take the rest with it."""
    odd = {"post": {"responses": {"201": 3}, "requestBody": 4}}
    journeys = made(document({"/good": get(), "/bad": {"get": {"$ref": "#/nowhere"}}, "/odd": odd}))
    (journey,) = journeys.journeys
    assert isinstance(journey, MadeJourney)
    assert [one.template for one in journey.operations] == ["/good"]
    assert [one.operation for one in journeys.not_exercised] == ["GET /bad", "POST /odd"]


def test_nothing_answered_well() -> None:
    """A target that lets nobody in makes the run inconclusive, and says so."""
    with pytest.raises(Inconclusive, match="GET /: it answered 403"):
        journeys_of_document(document({"/": get()}), [Rehearser(ANONYMOUS, None, refused)], 1, writes=False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 3, "maximum": 4},
        {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5},
        {"type": "number", "maximum": -1},
        {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$", "maxLength": 9},
        {"type": "string", "minLength": 100},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": ["null", "boolean"]},
        {"type": "array", "minItems": 2, "items": {"enum": ["a", "b"]}},
        {
            "allOf": [
                {"type": "object", "required": ["a"]},
                {"properties": {"a": {"type": "integer"}}, "required": ["b"]},
            ]
        },
        {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 1}]},
        {"type": "object", "properties": {"of": THING, "n": {"type": "integer"}}, "required": ["n"]},
        True,
    ],
    ids=str,
)
def test_values_are_valid(schema: Any) -> None:
    """What is made for a schema is valid by it, and the same for the same seed."""
    thing = {"type": "object", "properties": {"of": THING}}
    content = document({"/": get()}, Thing=thing)
    values = Values(Document(content), 5).valid(schema, 3)
    check = jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": content["components"]}, validate_formats=True
    )
    assert all(check.is_valid(value) for value in values)
    assert values == Values(Document(content), 5).valid(schema, 3)


def test_old_dialect() -> None:
    """OpenAPI 3.0 has booleans for exclusive bounds."""
    schema = {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 4}
    assert Values(Document(document({"/": get()}, "3.0.3")), 1).valid(schema, 3) == [4]


def test_bounded() -> None:
    """A schema that asks for more than anybody sends is named instead of made."""
    with pytest.raises(UnusableError, match="no value was found"):
        Values(Document(document({"/": get()})), 1).valid({"type": "string", "minLength": 10_000_000}, 1)


def test_document_speaks_first() -> None:
    """Examples come before what a schema says, and optional filters are sent where the document has values for them."""
    parameters = [
        {"name": "need", "in": "query", "required": True, "example": "a b", "schema": {"type": "integer"}},
        {"name": "kind", "in": "query", "schema": {"enum": ["x"]}},
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
    ]
    paths = [call.path for call in calls_of(document({"/list": get(parameters=parameters)}))]
    assert paths == ["/list?need=a+b", "/list?need=a+b&kind=x"]


def test_body_and_headers() -> None:
    """A call has the body's content type, and the headers that are required."""
    body = {"required": True, "content": {"application/json": {"example": {"a": 1}}}}
    headers = [
        {"name": "X-Kind", "in": "header", "required": True, "schema": {"const": "k"}},
        {"name": "Accept", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    post = {"post": {"responses": FINE, "requestBody": body, "parameters": headers}}
    (call,) = calls_of(document({"/": post}) | {"servers": [{"url": "https://example.com/v1/"}]})
    assert call.headers == {"X-Kind": "k", "Content-Type": "application/json"}
    assert (call.path, json.loads(call.body or "")) == ("/v1/", {"a": 1})


@pytest.mark.parametrize(
    ("answer", "parameter", "ids"),
    [
        ([{"id": 1, "ownerId": 9}, {"id": 2}], "pipeline_id", ["1", "2"]),
        ({"total": 1, "results": [{"pipelineId": "p", "id": 7}]}, "pipeline_id", ["p"]),
        ({"items": ["a", "b", "a"]}, "name", ["a", "b"]),
        ({"items": [{"slug": "s"}]}, "id", ["s"]),
        ({"items": [{"flag": True}]}, "id", []),
        (None, "id", []),
    ],
)
def test_ids(answer: Any, parameter: str, ids: list[str]) -> None:
    """Ids come from lists of any common shape; the field that is called as the parameter wins."""
    assert ids == ids_in(answer, parameter)


@pytest.mark.parametrize(
    ("answer", "location", "pointer", "own"),
    [
        ({"made": {"key": 5}, "id": 1}, "", "/made/key", "5"),
        ({"data": {"id": "d"}}, "", None, "d"),
        (None, "http://h/things/17", None, "17"),
        (None, "", None, None),
    ],
)
def test_id_of_made(answer: Any, location: str, pointer: str | None, own: str | None) -> None:
    """The id of what was made is where a link says, in an id-like field, or at the end of its Location."""
    assert own == id_of_made(Making(kind="/things", parameter="id", pointer=pointer), answer, location)


def test_links() -> None:
    """Links are found by operation id and by reference."""
    links = {
        "by id": {"operationId": "read", "parameters": {"id": "$response.body#/newest"}},
        "by reference": {
            "operationRef": "#/paths/~1things~1{id}/delete",
            "parameters": {"path.id": "$response.body#/old"},
        },
    }
    listing = {"get": {"responses": {"200": {"description": "", "links": links}}}}
    item = {**get(operationId="read"), "delete": {"responses": FINE}}
    read = Document(document({"/things": listing, "/things/{id}": item}))
    found = links_of(read, [one for one in read.operations() if isinstance(one, Operation)])
    assert {name: [link.pointer for link in one] for name, one in found.items()} == {
        "GET /things/{id}": ["/newest"],
        "DELETE /things/{id}": ["/old"],
    }


def test_default_profile() -> None:
    """A target without profiles has a smoke profile, with those of its journeys that there are."""
    everybody = MadeJourneys(journeys=(MadeJourney(name=ANONYMOUS, identity=None, operations=()),), not_exercised=())
    profile = fitted(read_profile(DEFAULT_PROFILES / "smoke.toml"), everybody)
    assert list(profile.journeys) == [ANONYMOUS]
