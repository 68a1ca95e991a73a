"""What Schemathesis calls a failure, and is none for any target."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from suites.contract.fuzzing.false_alarms import is_emptied_list


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
