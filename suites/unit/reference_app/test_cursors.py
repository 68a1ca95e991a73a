"""Cursors: every id has one, and every text that fits the documented pattern is one."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from reference_app.api.cursors import (
    PATTERN,
    POSITION_PATTERN,
    Cursor,
    PositionCursor,
    decode_cursor,
    decode_position,
    encode_cursor,
    encode_position,
)
from suites.patience import PATIENT

BIGGEST = 2**63 - 1


@PATIENT
@given(st.integers(0, BIGGEST))
def test_round_trip(identity: int) -> None:
    """An id comes back from its cursor, which fits the pattern."""
    cursor = encode_cursor(identity)
    assert cursor is not None
    assert re.fullmatch(PATTERN, cursor)
    assert decode_cursor(cursor) == identity


@PATIENT
@given(st.from_regex(PATTERN, fullmatch=True).filter(lambda text: not text.endswith("\n")))
def test_pattern_is_exact(text: str) -> None:
    """A text that fits decodes, and encodes to itself: no id has two cursors."""
    identity = decode_cursor(text)
    assert identity is not None
    assert 0 <= identity <= BIGGEST
    assert encode_cursor(identity) == text


@PATIENT
@given(st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)), st.integers(0, BIGGEST))  # noqa: DTZ001 - UTC follows
def test_position_round_trip(moment: datetime, identity: int) -> None:
    """A position comes back from its cursor to the microsecond, and the cursor fits the pattern."""
    cursor = encode_position((moment, identity))
    assert cursor is not None
    assert re.fullmatch(POSITION_PATTERN, cursor)
    assert decode_position(cursor) == (moment, identity)


@PATIENT
@given(st.from_regex(POSITION_PATTERN, fullmatch=True).filter(lambda text: not text.endswith("\n")))
def test_every_position_decodes(text: str) -> None:
    """A text that fits is a position, however far away."""
    position = decode_position(text)
    assert position is not None
    assert datetime(1970, 1, 1, tzinfo=UTC) <= position[0] <= datetime.max.replace(tzinfo=UTC)


def test_nothing() -> None:
    """No cursor and no place stand for each other."""
    assert (encode_cursor(None), decode_cursor(None)) == (None, None)
    assert (encode_position(None), decode_position(None)) == (None, None)


@pytest.mark.parametrize(
    "text", ["", "AAAA", "AAAAAAAAAAB", "gAAAAAAAAAA", "AAAAAAAAAAA=", "AAAAAAAAAAA\n", "AAAAA+AAAAA"]
)
def test_refused(text: str) -> None:
    """What does not fit is refused."""
    for kind in (Cursor, PositionCursor):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)
