"""Fields that the document does not name."""

from typing import Any

import pytest

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


@pytest.mark.parametrize("depth", [600, 100_000])
def test_deep_answer(depth: int) -> None:
    """An answer that is nested deeper than anybody reads has no fields, and does not end the run."""
    described = {"description": "", "content": {"application/json": {"schema": {}}}}
    paths = {"/things": {"get": {"responses": {"200": described}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths}
    answer = Answer(200, {"content-type": "application/json"}, b"[" * depth + b"]" * depth)
    sighting = Sighting(steps=(), answers=(), chain=())
    cause = Cause(operation="GET /things", check="undocumented_field", message="", phase="", seen=1, sighting=sighting)
    assert Recheck(document, "http://127.0.0.1").fails(cause, answer) is False
