"""Fields that the document does not name."""

from typing import Any

import pytest

from harness.contract_findings import Step
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.rechecking import Recheck
from suites.contract.fuzzing.strict_answers import unknown_fields

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "User": {"type": "object", "properties": {"name": {"type": "string"}}},
            "Admin": {"allOf": [{"$ref": "#/components/schemas/User"}, {"properties": {"rights": {"type": "array"}}}]},
            "Page": {"properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}}},
            "Open": {"properties": {"name": {}}, "additionalProperties": {"type": "string"}},
            "Loop": {"$ref": "#/components/schemas/Loop"},
        }
    }
}


@pytest.mark.parametrize(
    ("schema", "value", "unknown"),
    [
        ("User", {"name": "alice", "hash": "x"}, ["/hash"]),
        ("Admin", {"name": "alice", "rights": []}, []),
        ("Page", {"items": [{"name": "alice"}, {"name": "bob", "hash": "x"}]}, ["/items/*/hash"]),
        ("Open", {"name": "alice", "colour": "red"}, []),
        ("Loop", {"name": "alice"}, []),
        ("Nowhere", {"name": "alice"}, []),
    ],
)
def test_unknown_fields(schema: str, value: object, unknown: list[str]) -> None:
    """Only what a closed list of properties leaves out is unknown, wherever it lies."""
    found = unknown_fields(DOCUMENT, {"$ref": f"#/components/schemas/{schema}"}, value)
    assert unknown == list(found)


ECHO: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Echo", "version": "1"},
    "paths": {
        "/echo": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"properties": {"password": {}}}}}},
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"properties": {"name": {}}}}},
                    }
                },
            }
        }
    },
}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Step(method="POST", path="/echo", headers={}, body='{"of": [{"\\u0001": 0}], "x/y": 0}'), "/<sent>, /hash"),
        (Step(method="POST", path="/echo?%01=&x/y", headers={}), "/<sent>, /hash"),
        (Step(method="POST", path="/echo", headers={}, body="%01=1&x/y=2"), "/<sent>, /hash"),
        (Step(method="POST", path="/echo", headers={}, body='{"hash": 1, "\\u0001": 0, "x/y": 0}'), "/<sent>"),
        (Step(method="POST", path="/echo", headers={}, body_base64="/w=="), "/\x01, /hash, /x/y"),
    ],
    ids=["JSON", "query", "form", "all sent", "bytes"],
)
def test_what_comes_back(asked: Step, told: str) -> None:
    """Names that were made up for a request are one cause where they come back; all others are told."""
    answer = Answer(200, {"content-type": "application/json"}, b'{"name": 1, "\\u0001": 1, "x/y": 1, "hash": 1}')
    message = f"Custom check failed: `undocumented_field`. Undocumented fields in the answer: {told}"
    sighting = Sighting(steps=(), answers=(), chain=())
    cause = Cause(
        operation="POST /echo", check="undocumented_field", message=message, phase="", seen=1, sighting=sighting
    )
    assert Recheck(ECHO, "http://127.0.0.1").fails(cause, asked, answer)


@pytest.mark.parametrize(
    ("kind", "told"), [("application/vnd.api+json; charset=utf-8", True), ("application/json", False)]
)
def test_other_kinds_of_json(kind: str, *, told: bool) -> None:
    """An answer is held against what the document has for its own kind of JSON."""
    described = {"description": "", "content": {"application/vnd.api+json": {"schema": {"properties": {"name": {}}}}}}
    document = {**ECHO, "paths": {"/echo": {"post": {"responses": {"200": described}}}}}
    sighting = Sighting(steps=(), answers=(), chain=())
    message = "Custom check failed: `undocumented_field`. Undocumented fields in the answer: /hash"
    cause = Cause(
        operation="POST /echo", check="undocumented_field", message=message, phase="", seen=1, sighting=sighting
    )
    asked, answer = Step(method="POST", path="/echo", headers={}), Answer(200, {"content-type": kind}, b'{"hash": 1}')
    assert Recheck(document, "http://127.0.0.1").fails(cause, asked, answer) == told


def test_a_documented_name_that_comes_back_is_told() -> None:
    """A field that may be sent, and must not be answered, is told by its name."""
    asked = Step(method="POST", path="/echo", headers={}, body='{"password": 1}')
    answer = Answer(200, {"content-type": "application/json"}, b'{"password": 1}')
    sighting = Sighting(steps=(), answers=(), chain=())
    message = "Custom check failed: `undocumented_field`. Undocumented fields in the answer: /password"
    cause = Cause(
        operation="POST /echo", check="undocumented_field", message=message, phase="", seen=1, sighting=sighting
    )
    assert Recheck(ECHO, "http://127.0.0.1").fails(cause, asked, answer)


@pytest.mark.parametrize("depth", [600, 100_000])
def test_deep_answer(depth: int) -> None:
    """An answer that is nested deeper than anybody reads has no fields, and does not end the run."""
    described = {"description": "", "content": {"application/json": {"schema": {}}}}
    paths = {"/things": {"get": {"responses": {"200": described}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths}
    answer = Answer(200, {"content-type": "application/json"}, b"[" * depth + b"]" * depth)
    sighting = Sighting(steps=(), answers=(), chain=())
    cause = Cause(operation="GET /things", check="undocumented_field", message="", phase="", seen=1, sighting=sighting)
    asked = Step(method="GET", path="/things", headers={})
    assert Recheck(document, "http://127.0.0.1").fails(cause, asked, answer) is False
