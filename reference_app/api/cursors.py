"""Page cursors: where to continue, as URL-safe characters that clients need not read.

Each number in one takes 11: Base64 of 63 bits. The first character's range and the last one's spare bits make every
text that fits the pattern a cursor, so the API document says exactly what is accepted.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints

NUMBER = r"[A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048]"
LENGTH = 11
PATTERN = f"^{NUMBER}$"
POSITION_PATTERN = f"^{NUMBER}{NUMBER}$"

Cursor = Annotated[str, StringConstraints(strict=True, min_length=LENGTH, max_length=LENGTH, pattern=PATTERN)]
PositionCursor = Annotated[
    str, StringConstraints(strict=True, min_length=2 * LENGTH, max_length=2 * LENGTH, pattern=POSITION_PATTERN)
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _UNIT


def encode_cursor(after: int | None) -> str | None:
    """Return the cursor for an id from 0 to 2**63 - 1; None stays None."""
    return None if after is None else _encode(after)


def decode_cursor(cursor: str | None) -> int | None:
    """Return the id in a cursor that fits the pattern; None stays None."""
    return None if cursor is None else _decode(cursor)


def encode_position(after: tuple[datetime, int] | None) -> str | None:
    """Return the cursor for a moment since 1970 and an id; None stays None."""
    return None if after is None else _encode((after[0] - _EPOCH) // _UNIT) + _encode(after[1])


def decode_position(cursor: str | None) -> tuple[datetime, int] | None:
    """Return moment and id in a cursor that fits the pattern; moments past the year 9999 become its end."""
    if cursor is None:
        return None
    moment = _EPOCH + min(_decode(cursor[:LENGTH]), _LATEST) * _UNIT
    return moment, _decode(cursor[LENGTH:])


def _encode(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(8, "big")).rstrip(b"=").decode()


def _decode(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "="), "big")
