"""What Schemathesis calls a failure, and is none for any target."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from suites.contract.fuzzing.false_alarms import is_emptied_list, is_refused_message


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
