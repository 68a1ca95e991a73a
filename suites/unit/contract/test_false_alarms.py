"""What Schemathesis calls a failure, and is none for any target."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from schemathesis.openapi.checks import MissingHeaderNotRejected

from suites.contract.fuzzing.false_alarms import filter_failure, is_emptied_list, is_of_no_schema, is_refused_message


@pytest.mark.parametrize(
    ("deletion", "read", "content", "expected"),
    [
        ("DELETE /users/{id}/things", "/users/{id}/things", b'{"items": []}', True),
        ("DELETE /users/{id}/things", "/users/{id}/things", b"[]", True),
        ("DELETE /users/{id}/picture", "/users/{id}/picture", b'{"url": "x"}', False),
        ("DELETE /users/{id}/picture", "/users/{id}/picture", b"\xff\xd8", False),
        ("DELETE /users/{id}/things", "/users/{id}/things/{thing}", b'{"tags": []}', False),
        ("DELETE /users/{id}", "/users/{id}", b'{"roles": []}', False),
    ],
)
def test_emptied_list(deletion: str, read: str, content: bytes, *, expected: bool) -> None:
    """A list whose rows were deleted is still a list; a thing that was deleted has to be gone."""
    case = SimpleNamespace(operation=SimpleNamespace(path=read))
    assert is_emptied_list(deletion, cast("Any", case), content) == expected


@pytest.mark.parametrize(
    ("sent", "described", "status", "expected"),
    [
        ({"content-length": ""}, [], 400, True),
        ({"Transfer-Encoding": "x"}, ["X-Page"], 411, True),
        ({"Transfer-Encoding": "x"}, [], 501, True),
        ({"content-length": ""}, [], 500, False),
        ({"content-length": ""}, [], 200, False),
        ({"Host": "x"}, ["host"], 400, False),
        ({"X-Page": ""}, ["X-Page"], 400, False),
    ],
)
def test_refused_message(sent: dict[str, str], described: list[str], status: int, *, expected: bool) -> None:
    """What HTTP refuses is no answer of the API's; a server error is, and so is what the document describes."""
    headers = [SimpleNamespace(name=name) for name in described]
    case = SimpleNamespace(headers=sent, operation=SimpleNamespace(headers=headers))
    assert is_refused_message(cast("Any", case), status) == expected


PAGE = {"type": "object", "properties": {"items": {"type": "array"}, "nextCursor": {"type": ["string", "null"]}}}


def listing(schema: dict[str, object], answer: dict[str, object]) -> dict[str, object]:
    """Return an operation with a parameter `cursor`."""
    return {
        "parameters": [{"name": "cursor", "in": "query", "schema": schema}],
        "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
    }


@pytest.mark.parametrize(
    ("operation", "sent", "status", "expected"),
    [
        (listing({"type": "string"}, PAGE), {"query": {"cursor": "x"}}, 422, True),
        (listing({"type": "string"}, {"properties": {"page": PAGE}}), {"query": {"cursor": "x"}}, 400, True),
        (listing({"type": "string"}, PAGE), {"query": {"limit": "1"}}, 422, False),
        (listing({"type": "string"}, PAGE), {"query": {"cursor": "x"}}, 500, False),
        (listing({"type": "string", "pattern": "^x$"}, PAGE), {"query": {"cursor": "x"}}, 422, False),
        (listing({"type": "integer"}, PAGE), {"query": {"cursor": "1"}}, 422, False),
        (
            listing({"type": "string"}, {"properties": {"next": {"type": "string"}}}),
            {"query": {"cursor": "x"}},
            422,
            False,
        ),
        ({}, {"headers": {"if-match": "x"}}, 412, True),
        ({}, {"headers": {"If-Match": "x"}}, 422, False),
        ({}, {}, 412, False),
    ],
)
def test_refused_for_what_no_schema_says(
    operation: dict[str, object], sent: dict[str, object], status: int, *, expected: bool
) -> None:
    """A version that nobody has may be refused, and a cursor that the target never gave out; nothing else may."""
    described = SimpleNamespace(raw=operation)
    known = SimpleNamespace(definition=described, schema=SimpleNamespace(raw_schema={"openapi": "3.1.0"}))
    case = SimpleNamespace(**{"headers": {}, "query": {}, "operation": known} | sent)
    assert is_of_no_schema(cast("Any", case), status) == expected


@pytest.mark.parametrize(("status", "expected"), [(428, False), (404, True), (200, True)])
def test_precondition_required(status: int, *, expected: bool) -> None:
    """Who leaves the version out is refused with 428; anything but a refusal is a failure."""
    failure = MissingHeaderNotRejected(
        operation="PUT /x", header_name="If-Match", message="", status_code=status, expected_statuses=[400]
    )
    case = SimpleNamespace(headers={}, query={}, operation=SimpleNamespace(headers=[]))
    answer = SimpleNamespace(status_code=status, content=b"")
    assert filter_failure(cast("Any", None), failure, cast("Any", case), cast("Any", answer)) == expected
