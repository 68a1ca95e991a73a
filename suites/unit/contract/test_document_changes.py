"""Which changes of a document break a client, and which do not."""

import copy
from typing import Any

import pytest

from suites.contract.document_checks.changes import breaking_changes, version_allows

OK = {"200": {"description": "fine"}}


def document(operation: dict[str, Any] | None = None, *, path: str = "/x", **more: Any) -> dict[str, Any]:
    """Return a document with one operation, `POST /x`."""
    node = {"responses": OK, **(operation or {})}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "paths": {path: {"post": node}}, **more}


def taking(schema: Any, *, required: bool = False) -> dict[str, Any]:
    """Return a document whose operation takes a body."""
    return document({"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}})


def answering(schema: Any) -> dict[str, Any]:
    """Return a document whose operation answers with a body."""
    return document({"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}})


def thing(required: tuple[str, ...] = (), *, closed: bool = False, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    more = {"additionalProperties": False} if closed else {}
    return {"type": "object", "required": list(required), "properties": properties, **more}


def mapping(of: Any) -> dict[str, Any]:
    """Return the schema of an object whose fields are all of one kind."""
    return {"type": "object", "additionalProperties": of}


def above(bound: int, *, exclusive: bool = False) -> dict[str, Any]:
    """Return the schema of a number at the bound or above it, as OpenAPI 3.0 says it."""
    return {"type": "integer", "minimum": bound, "exclusiveMinimum": exclusive}


def with_parameter(schema: Any, **more: Any) -> dict[str, Any]:
    """Return a document whose operation has the query parameter `q`."""
    return document({"parameters": [{"name": "q", "in": "query", "schema": schema, **more}]})


def secured(*alternatives: dict[str, list[str]], kind: str = "bearer") -> dict[str, Any]:
    """Return a document whose operation asks for credentials."""
    schemes = {"a": {"type": "http", "scheme": kind}, "b": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    return document({"security": list(alternatives)}, components={"securitySchemes": schemes})


def answers(**described: Any) -> dict[str, Any]:
    """Return a document whose operation has a 200 with these words."""
    return document({"responses": {"200": {"description": "", **described}}})


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
MAYBE = {"anyOf": [TEXT, {"type": "null"}]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (document(), document(path="/y"), "is gone"),
        (document(), with_parameter(TEXT, required=True), "query parameter `q` is new, and required"),
        (with_parameter(TEXT), with_parameter(TEXT, required=True), "query parameter `q` is required now"),
        (with_parameter(TEXT), document(), "query parameter `q` is gone"),
        (with_parameter(TEXT), with_parameter(NUMBER), "query parameter `q`: string is no longer taken"),
        (
            with_parameter({"type": "integer", "maximum": 9}),
            with_parameter({"type": "integer", "maximum": 5}),
            "query parameter `q`: maximum is 5 now, was 9",
        ),
        (document(), taking(TEXT, required=True), "a body is required now"),
        (taking(TEXT), document(), "a body of application/json is no longer taken"),
        (taking(thing(a=TEXT)), taking(thing(("a",), a=TEXT)), "body `a`: is required now"),
        (taking(thing(closed=True, a=TEXT)), taking(thing(closed=True)), "body `a`: is no longer taken"),
        (taking(thing()), taking(thing(closed=True)), "body: properties beyond those described are no longer taken"),
        (taking(thing(a=MAYBE)), taking(thing(a=TEXT)), "body `a`: null is no longer taken"),
        (taking(thing(a={})), taking(thing(a=TEXT)), "body `a`: only string is taken now"),
        (taking({"enum": ["a", "b"]}), taking({"enum": ["a"]}), 'body: "b" is no longer taken'),
        (taking(TEXT), taking({"type": "string", "enum": ["a"]}), 'body: only "a" is taken now'),
        (taking(TEXT), taking({"type": "string", "minLength": 1}), "body: minLength is 1 now, was nothing"),
        (taking(TEXT), taking({"type": "string", "pattern": "^a"}), 'body: pattern is "^a" now, was nothing'),
        (
            taking({"type": "array", "items": {"type": "number"}}),
            taking({"type": "array", "items": NUMBER}),
            "body `[]`: number is no longer taken",
        ),
        (taking(mapping(TEXT)), taking(mapping(NUMBER)), "body `*`: string is no longer taken"),
        (taking(thing()), taking(mapping(NUMBER)), "body `*`: only integer is taken now"),
        (answering(mapping(NUMBER)), answering(mapping(TEXT)), "status 200 `*`: may be string now, was integer"),
        (taking(above(0)), taking(above(1)), "body: minimum is 1 now, was 0"),
        (taking(above(0)), taking(above(0, exclusive=True)), "body: exclusiveMinimum is 0 now, was nothing"),
        (
            taking({"type": "integer", "multipleOf": 2}),
            taking({"type": "integer", "multipleOf": 4}),
            "body: multipleOf is 4 now, was 2",
        ),
        (answering(thing(a=TEXT)), answering(thing()), "status 200 `a`: is gone"),
        (answering(thing(("a",), a=TEXT)), answering(thing(a=TEXT)), "status 200 `a`: may be missing now"),
        (answering(thing(a=TEXT)), answering(thing(a=MAYBE)), "status 200 `a`: may be null now, was string"),
        (answering(NUMBER), answering({"type": "number"}), "status 200: may be number now, was integer"),
        (answering(TEXT), answering({}), "status 200: may be anything now, was string"),
        (answering({"enum": ["a"]}), answering({"enum": ["a", "b"]}), 'status 200: may be "b" now'),
        (answering({"const": "a"}), answering(TEXT), 'status 200: may be something else than "a" now'),
        (
            answering({"type": "string", "maxLength": 5}),
            answering({"type": "string", "maxLength": 9}),
            "status 200: maxLength is 9 now, was 5",
        ),
        (
            answering({"type": "string", "format": "date-time"}),
            answering(TEXT),
            'status 200: format is nothing now, was "date-time"',
        ),
        (
            answering({"type": "integer", "format": "int32"}),
            answering({"type": "integer", "format": "int64"}),
            'status 200: format is "int64" now, was "int32"',
        ),
        (document({"responses": {**OK, "404": {}}}), document(), "status 404 is gone"),
        (answering(TEXT), document(), "status 200 is no longer application/json"),
        (answers(headers={"ETag": {"schema": TEXT}}), answers(headers={}), "status 200: header `ETag` is gone"),
        (
            answers(headers={"ETag": {"schema": NUMBER}}),
            answers(headers={"etag": {"schema": TEXT}}),
            "status 200: header `ETag`: may be string now, was integer",
        ),
        (document(), secured({"a": []}), "security: no credentials is no longer enough"),
        (secured({"a": []}, {"b": []}), secured({"a": []}), "security: b is no longer enough"),
        (secured({"a": ["read"]}), secured({"a": ["read", "write"]}), "security: a is no longer enough"),
        (secured({"a": []}), secured({"a": []}, kind="basic"), "security: `a` is sent in another way now"),
    ],
)
def test_breaking(old: dict[str, Any], new: dict[str, Any], said: str) -> None:
    """A change that breaks a client is named once, with the operation, the place and what is different."""
    assert (f"POST /x: {said}",) == breaking_changes(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (document(), document({"summary": "says more", "operationId": "other", "tags": ["t"]})),
        (document(), with_parameter(TEXT)),
        (with_parameter(TEXT, required=True), with_parameter(TEXT)),
        (with_parameter(NUMBER), with_parameter({"type": "number"})),
        (taking(TEXT, required=True), taking(TEXT)),
        (taking(thing(("a",), a=TEXT)), taking(thing(a=MAYBE, b=TEXT))),
        (taking({"enum": ["a"]}), taking({"enum": ["a", "b"]})),
        (taking({"enum": ["a"]}), taking({"type": "string", "minLength": 3})),
        (taking({"type": "integer", "minimum": 1}), taking({"type": "integer", "minimum": 1.0})),
        (taking({"type": "integer", "format": "int32"}), taking({"type": "integer", "format": "int64"})),
        (taking(TEXT), taking({"type": ["string", "null"]})),
        (taking(thing(closed=True, a=TEXT)), taking(thing(a=TEXT))),
        (taking(thing(a=TEXT)), taking(thing())),
        (answering(thing(a=TEXT)), answering(thing(("a", "b"), a=TEXT, b=TEXT))),
        (answering(thing(closed=True, a=TEXT)), answering(thing(a=TEXT, b=TEXT))),
        (taking(mapping(NUMBER)), taking(mapping({"type": "number"}))),
        (answering(thing(closed=True)), answering(mapping(TEXT))),
        (answering(mapping(TEXT)), answering(thing(closed=True))),
        (taking(above(1, exclusive=True)), taking(above(1))),
        (taking({"type": "integer", "multipleOf": 4}), taking({"type": "integer", "multipleOf": 2})),
        (answering(MAYBE), answering(TEXT)),
        (answering({}), answering(TEXT)),
        (answering({"enum": ["a", "b"]}), answering({"enum": ["a"]})),
        (answering({"type": "string", "maxLength": 9}), answering({"type": "string", "maxLength": 5})),
        (answering({"type": ["string", "null"]}), answering({"anyOf": [{"type": "null"}, TEXT]})),
        (answering(thing(a=TEXT)), answering({"allOf": [thing(a=TEXT), thing(b=TEXT)]})),
        (document(), document({"responses": {**OK, "404": {}}})),
        (answers(headers={}), answers(headers={"ETag": {"schema": TEXT}})),
        (secured({"a": []}), document()),
        (secured({"a": []}), secured({"a": []}, {"b": []})),
        (secured({"a": ["read", "write"]}), secured({"a": ["read"]})),
        (document(path="/x/{id}"), document(path="/x/{other}")),
    ],
)
def test_harmless(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What no client can notice to its harm is no breaking change."""
    assert breaking_changes(old, new) == ()


@pytest.mark.parametrize("build", [taking, answering])
def test_same(build: Any) -> None:
    """A document breaks nothing that it says itself, however its schemas are composed."""
    composed = {
        "oneOf": [
            thing(("k",), k={"const": "a"}, n=NUMBER),
            thing(("k",), k={"const": "b"}, m={"type": ["string", "null"]}),
        ],
        "discriminator": {"propertyName": "k"},
    }
    assert breaking_changes(build(composed), build(copy.deepcopy(composed))) == ()


def recursive(leaf: Any, version: str = "3.1.0") -> dict[str, Any]:
    """Return a document that answers with a schema that contains itself."""
    node = thing(leaf=leaf, children={"type": "array", "items": {"$ref": "#/components/schemas/Node"}})
    found = answering({"$ref": "#/components/schemas/Node"})
    return {**found, "openapi": version, "components": {"schemas": {"Node": node}}}


def test_recursive() -> None:
    """A schema that contains itself is compared once."""
    changed = breaking_changes(recursive(TEXT), recursive(NUMBER))
    assert changed == ("POST /x: status 200 `leaf`: may be integer now, was string",)


def test_older_null() -> None:
    """OpenAPI 3.0 says null with a word of its own."""
    changed = breaking_changes(recursive(TEXT, "3.0.3"), recursive({"type": "string", "nullable": True}, "3.0.3"))
    assert changed == ("POST /x: status 200 `leaf`: may be null now, was string",)


@pytest.mark.parametrize("broken", [{"$ref": "#/nowhere"}, {"$ref": "#/paths"}, {"allOf": 3}, 7, None])
def test_broken_schemas(broken: Any) -> None:
    """What is no schema is taken for one that allows everything, and ends nothing."""
    assert breaking_changes(taking(broken), taking(broken)) == ()


def test_whole_path_gone() -> None:
    """Each operation of a path that is gone is named."""
    gone = {**document(), "paths": {}}
    assert breaking_changes(document(), gone) == ("POST /x: is gone",)


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [("1.9.0", "2.0.0", True), ("1.0.0", "1.1.0", False), ("v1", "v2", True), ("2", "1", False), ("x", "y", False)],
)
def test_version(old: str, new: str, allowed: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only a greater major number says that clients may break."""
    assert allowed is version_allows({"info": {"version": old}}, {"info": {"version": new}})
