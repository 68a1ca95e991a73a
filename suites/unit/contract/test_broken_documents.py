"""Documents with junk in any place: whoever reads one says what is wrong, or nothing, and never stumbles."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from harness.contract_findings import Step
from suites.contract.document_checks.changes import breaking_changes
from suites.contract.document_checks.validity import problems
from suites.contract.findings.paths import PathTemplates
from suites.contract.findings.violations import Violations
from suites.contract.laws.laws import LAWS
from suites.contract.reach.goals import goals, operations
from suites.contract.reach.schemas import Schemas

JUNK = (None, True, 0, -1, 1.5, 10**30, "", "x", [], [None], ["a", 1], {}, {"$ref": "#/nowhere"}, {"$ref": 5}, {"a": 1})
EACH = 25
THING = {
    "type": ["object", "null"],
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9, "examples": ["x"]},
        "size": {"anyOf": [{"type": "integer", "minimum": 0}, {"enum": [1.5, None]}]},
        "of": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
    },
}
MEDIA = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}, "example": {"name": "x"}}}
ANSWER = {"description": "fine", "content": MEDIA, "headers": {"ETag": {"schema": {"type": "string"}}}}
KEY = {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1.0.0"},
    "security": [{"key": ["read"]}],
    "paths": {
        "/things": {
            "get": {"responses": {"200": ANSWER}, "parameters": [{"in": "query", "name": "q", "schema": {"const": 1}}]},
            "post": {"requestBody": {"content": MEDIA}, "responses": {"201": ANSWER}, "parameters": [KEY]},
        },
        "/things/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
            "get": {"responses": {"200": ANSWER, "4XX": {"description": "not there"}}},
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
    },
    "components": {
        "schemas": {"Thing": THING},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X"}},
    },
}


def containers(node: Any) -> Iterator[Any]:
    """Yield every object and list of a document that has something in it, itself among them."""
    if isinstance(node, dict | list) and node:
        yield node
        for inner in node.values() if isinstance(node, dict) else node:
            yield from containers(inner)


def broken(chance: random.Random) -> dict[str, Any]:
    """Return the document with junk in a few places."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(chance.choice([1, 1, 2, 3])):
        node = chance.choice(list(containers(document)))
        place = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        node[place] = copy.deepcopy(chance.choice(JUNK))
    return document | {"openapi": "3.1.0"}  # whoever fetches a document has looked at that


def read(document: dict[str, Any]) -> None:
    """Read a document as each part of the suite does."""
    schemas, violations = Schemas(document), Violations(document)
    call = Step(method="POST", path="/things?q=1", headers={"Content-Type": "application/json"}, body='{"name": 1}')
    for operation in operations(schemas):
        list(goals(operation, schemas))
        violations.of(call, operation.name)
    for promise in LAWS.values():
        list(promise.offers(document))
    PathTemplates(document).values("/things/1")
    breaking_changes(DOCUMENT, document)
    breaking_changes(document, DOCUMENT)
    problems(document)


@pytest.mark.parametrize("batch", range(6))
def test_nobody_stumbles(batch: int) -> None:
    """Whatever stands wherever in a document, it can be compared, looked through and asked what it offers."""
    chance = random.Random(batch)  # noqa: S311 - the same documents each time
    for _ in range(EACH):
        read(broken(chance))
