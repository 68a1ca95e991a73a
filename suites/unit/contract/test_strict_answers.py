"""Fields that the document does not name."""

from typing import Any

import pytest

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
