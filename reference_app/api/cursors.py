"""Page cursors: the id to continue after, as 11 URL-safe characters that clients need not read.

Base64 of 63 bits: the first character's range and the last one's spare bits make every text that
fits the pattern a cursor, so the API document says exactly what is accepted.
"""

import base64
from typing import Annotated

from pydantic import StringConstraints

PATTERN = r"^[A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048]$"

Cursor = Annotated[str, StringConstraints(strict=True, min_length=11, max_length=11, pattern=PATTERN)]


def encode_cursor(after: int | None) -> str | None:
    """Return the cursor for an id from 0 to 2**63 - 1; None stays None."""
    if after is None:
        return None
    return base64.urlsafe_b64encode(after.to_bytes(8, "big")).rstrip(b"=").decode()


def decode_cursor(cursor: str | None) -> int | None:
    """Return the id in a cursor that fits the pattern; None stays None."""
    return None if cursor is None else int.from_bytes(base64.urlsafe_b64decode(cursor + "="), "big")
