"""What is asked of a schema, on values that hardly anybody sends."""

import json
from typing import Any

import pytest

from suites.contract.reach.schemas import Schemas


def test_half_of_a_surrogate_pair_is_no_valid_text() -> None:
    """JSON can write it, and a service may be sent it; no schema takes it."""
    schemas = Schemas({"openapi": "3.1.0"})
    valid, errors = schemas.validity({"type": "string"}), schemas.errors({"type": "string"})
    assert valid is not None
    assert errors is not None
    assert (valid("whole"), valid("\ud800")) == (True, False)
    assert (bool(errors("whole")), bool(errors("\ud800"))) == (False, True)


def test_value_that_is_too_deep_is_not_valid() -> None:
    """A service may be sent what no validator looks through."""
    errors = Schemas({"openapi": "3.1.0"}).errors({"type": "array"})
    assert errors is not None
    assert errors(json.loads('{"a":' * 400 + "1" + "}" * 400))


@pytest.mark.parametrize(("version", "nullable"), [("3.0.3", True), ("3.0.3", False), ("3.1.0", True)])
def test_null_of_the_older_version(version: str, nullable: bool) -> None:  # noqa: FBT001 - a column of the table
    """OpenAPI 3.0 has a word of its own for what may be null, also where a reference leads."""
    thing = {"type": "object", "properties": {"nullable": {"type": "string", "nullable": nullable}}}
    schemas = Schemas({"openapi": version, "components": {"schemas": {"Thing": thing}}})
    valid = schemas.validity({"$ref": "#/components/schemas/Thing"})
    assert valid is not None
    assert valid({"nullable": None}) is (nullable and version == "3.0.3")


@pytest.mark.parametrize(
    ("schema", "filled"),
    [
        ({"items": {"type": "integer", "minimum": 5}}, [5]),
        ({"items": {"enum": ["x", "y", "z"]}, "uniqueItems": True}, ["x", "y"]),
        ({"items": {"enum": ["x", "y", "z"]}, "minItems": 3}, ["x", "y", "z"]),
        ({"items": {"type": "string"}, "maxItems": 1}, ["a"]),
        ({"items": {"type": "string", "pattern": "^zz$"}}, None),
        ({"items": {"type": "string"}, "maxItems": 0}, None),
    ],
)
def test_filled(schema: dict[str, Any], filled: list[Any] | None) -> None:
    """A list with something in it is made of simple values, where that is valid."""
    assert Schemas({"openapi": "3.1.0"}).filled({"type": "array", **schema}) == filled
