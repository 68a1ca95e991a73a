"""Parameters that break their schema, and are accepted."""

from typing import Any

import pytest

from suites.contract.findings.causes import causes_of
from suites.contract.fuzzing.accepted_inputs import Inputs


def inputs(schema: dict[str, Any], place: str, name: str = "q") -> Inputs:
    parameter = {"name": name, "in": place, "schema": schema}
    return Inputs({"openapi": "3.1.0", "paths": {"/things": {"get": {"parameters": [parameter]}}}})


NUMBERS = {"type": "array", "maxItems": 2, "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("schema", "place", "texts", "wrong"),
    [
        (NUMBERS, "query", ("1", "2"), False),
        (NUMBERS, "query", ("1,2",), False),
        (NUMBERS, "query", ("1", "2", "3"), True),
        (NUMBERS, "query", ("one",), True),
        (NUMBERS, "query", ("",), False),
        ({"type": "integer", "minimum": 1}, "query", ("0",), True),
        ({"type": "integer", "minimum": 1}, "path", ("0",), True),
        ({"type": "integer", "minimum": 1}, "cookie", ("1",), False),
        ({"type": ["integer", "null"]}, "query", ("x",), False),
        ({"type": "string", "enum": ["a"]}, "query", ("b",), True),
        ({"type": "string", "enum": ["a"]}, "header", ("b",), True),
        ({"type": "string", "enum": ["a"]}, "header", ("b ",), False),
        ({"type": "string", "enum": ["a"]}, "path", ("b",), False),
        ({"type": "string", "format": "date"}, "query", ("x",), False),
        ({"type": "object"}, "query", ("x",), False),
        ({"minimum": 1}, "query", ("x",), False),
        ({"type": "string", "pattern": "("}, "query", ("x",), False),
    ],
)
def test_parameters(schema: dict[str, Any], place: str, texts: tuple[str, ...], *, wrong: bool) -> None:
    """What can be read in one way only, and arrives as it was sent, is compared with its schema."""
    found = inputs(schema, place).wrong("GET /things", {place: {"q": texts}})
    assert list(found) == ([(place, "q")] if wrong else [])


@pytest.mark.parametrize(("operation", "name"), [("GET /others", "X-Q"), ("GET /things", "Accept")])
def test_not_the_document_s(operation: str, name: str) -> None:
    """An operation that nobody documented, and a header that OpenAPI has other words for, are not judged."""
    sent = {"header": {name.lower(): ("x",)}}
    assert list(inputs({"type": "integer"}, "header", name).wrong(operation, sent)) == []


NAMED = {"type": "object", "minProperties": 1, "properties": {"name": {"type": "string", "format": "email"}}}
OLD = {"type": "object", "properties": {"name": {"type": "string", "nullable": True}}}
ANSWERED = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "readOnly": True}}}
JSON, TEXT = "application/json", "text/plain"


@pytest.mark.parametrize(
    ("schema", "kind", "body", "wrong"),
    [
        (NAMED, JSON, b"{}", ["in body"]),
        (NAMED, JSON, b'{"name": 1}', ["in body"]),
        (NAMED, JSON, b'{"name": "no address"}', []),
        (NAMED, JSON, b"{", []),
        (NAMED, JSON, None, []),
        (NAMED, f"{JSON}; charset=utf-8", b"[]", ["in body"]),
        (NAMED, TEXT, b'{"name": "a"}', ["in body - kind of the body"]),
        (OLD, JSON, b'{"name": null}', []),
        (OLD, JSON, b'{"name": 1}', ["in body"]),
        (ANSWERED, JSON, b"{}", []),
        ({"$ref": "#/nowhere"}, JSON, b"{}", []),
    ],
)
def test_bodies(schema: dict[str, Any], kind: str, body: bytes | None, wrong: list[str]) -> None:
    """A body of JSON is compared with its schema, but for formats and what is only for answers; its kind is, too."""
    node = {"requestBody": {"content": {JSON: {"schema": schema}}}, "responses": {"200": {}, "415": {}}}
    inputs = Inputs({"openapi": "3.0.3", "paths": {"/things": {"post": node}}})
    assert list(inputs.wrong_body("POST /things", {"Content-Type": kind}, body)) == wrong


def test_one_finding_with_schemathesis_s() -> None:
    """What this check and Schemathesis's own say of the same parameter is one finding."""
    message = "Invalid data should have been rejected\nInvalid component: parameter `q` in query"
    failures = {"invalid_input_accepted": message, "negative_data_rejection": f"{message} - incorrect type"}
    checks = [
        {"name": name, "status": "failure", "failure_info": {"failure": {"title": "Accepted", "message": said}}}
        for name, said in failures.items()
    ]
    request = {"method": "GET", "uri": "http://127.0.0.1/things?q=x", "headers": {}}
    recorder = {
        "cases": {"a": {"value": {"method": "GET", "path": "/things"}}},
        "interactions": {"a": {"request": request, "response": {"status_code": 200}}},
        "checks": {"a": checks},
    }
    (cause,) = causes_of([("coverage", recorder)])
    assert (cause.check, cause.seen) == ("negative_data_rejection", 2)
