"""Cursors: every id has one, and every text that fits the documented pattern is one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from reference_app.api.cursors import PATTERN, Cursor, decode_cursor, encode_cursor

BIGGEST = 2**63 - 1


@given(st.integers(0, BIGGEST))
def test_round_trip(identity: int) -> None:
    """An id comes back from its cursor, which fits the pattern."""
    cursor = encode_cursor(identity)
    assert cursor is not None
    assert re.fullmatch(PATTERN, cursor)
    assert decode_cursor(cursor) == identity


@given(st.from_regex(PATTERN, fullmatch=True).filter(lambda text: not text.endswith("\n")))
def test_pattern_is_exact(text: str) -> None:
    """A text that fits decodes, and encodes to itself: no id has two cursors."""
    identity = decode_cursor(text)
    assert identity is not None
    assert 0 <= identity <= BIGGEST
    assert encode_cursor(identity) == text


def test_nothing() -> None:
    """No cursor and no id stand for each other."""
    assert encode_cursor(None) is None
    assert decode_cursor(None) is None


@pytest.mark.parametrize(
    "text", ["", "AAAA", "AAAAAAAAAAB", "gAAAAAAAAAA", "AAAAAAAAAAA=", "AAAAAAAAAAA\n", "AAAAA+AAAAA"]
)
def test_refused(text: str) -> None:
    """What does not fit is refused."""
    with pytest.raises(ValidationError):
        TypeAdapter(Cursor).validate_python(text)
