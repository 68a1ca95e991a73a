"""The types of single fields. The API document states exactly what they accept.

Patterns keep to what Rust (which checks here), Python and ECMAScript read alike. Integers and texts
are strict: "5" and true are not 5. Text holds no NUL, which Postgres cannot store; lone
surrogates are refused by pydantic, which demands Unicode.
"""

import re
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints

BIGGEST_ID = 2**53 - 1
"""What every JSON reader keeps exact (RFC 8259, section 6)."""
BIGGEST_NUMBER = 2**31 - 1
LARGEST_PAGE = 100
DEFAULT_PAGE = 20

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def from_decimal(text: object) -> object:
    """Read the one way to write a number in a URL: no sign, space, leading zero or other script's digits."""
    if isinstance(text, str):
        if not _DECIMAL.fullmatch(text):
            raise ValueError("Input should be an integer in decimal digits")
        return int(text)
    return text


def _from_rfc3339(text: object) -> object:
    """Read a date, time and offset; pydantic alone would also take numbers and lone dates."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise ValueError("Input should be a moment like 2026-01-31T12:00:00Z")
    return datetime.fromisoformat(text.upper())


def _storable(moment: datetime) -> datetime:
    """Keep to years that stay years of four digits in every time zone: Postgres knows more than Python can read."""
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError("Input should be a moment of the years 2 to 9998")
    return moment


def _unicode(text: str) -> str:
    """Refuse lone surrogates, which JSON can write and UTF-8 cannot."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("Input should be a valid string, unable to parse raw data as a unicode string")
    return text


def _from_whole(number: object) -> object:
    """Read 5.0 as the integer that it is to JSON Schema; true stays no number."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


UrlId = Annotated[int, Field(ge=1, le=BIGGEST_ID), BeforeValidator(from_decimal)]
PageLimit = Annotated[int, Field(ge=1, le=LARGEST_PAGE), BeforeValidator(from_decimal)]
BigNumber = Annotated[int, Field(strict=True, ge=1, le=BIGGEST_ID), BeforeValidator(_from_whole)]
Number = Annotated[int, Field(strict=True, ge=1, le=BIGGEST_NUMBER), BeforeValidator(_from_whole)]
Moment = Annotated[datetime, BeforeValidator(_from_rfc3339)]
"""RFC 3339, to compare with."""
StoredMoment = Annotated[datetime, BeforeValidator(_from_rfc3339), AfterValidator(_storable)]

_LINE = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=_LINE)]
"""One line that starts with something to see."""

Text = Annotated[str, StringConstraints(strict=True, max_length=4000, pattern=r"^[^\x00]*$")]
Message = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
ForeignText = Annotated[str, Strict(), AfterValidator(_unicode)]
"""What another service calls a text: of any length, with any character."""
Branch = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=255, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")
]
CommitSha = Annotated[str, StringConstraints(strict=True, min_length=40, max_length=40, pattern=r"^[0-9a-f]{40}$")]
Username = Annotated[
    str, StringConstraints(strict=True, min_length=2, max_length=32, pattern=r"^[a-z][a-z0-9_-]{1,31}$")
]
GivenPassword = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128, pattern=r"^[^\x00]+$")]
"""What may be sent as a password; a wrong length is as wrong as any other wrong password."""
NewPassword = Annotated[
    str,
    StringConstraints(strict=True, min_length=8, max_length=128, pattern=r"^[^\x00]+$"),
    Field(
        description="Not one of the most common, not the username, not one character over and over.",
        json_schema_extra={"not": {"pattern": r"^([\s\S])\1*$"}},
    ),
]
OneTimeCode = Annotated[str, StringConstraints(strict=True, min_length=6, max_length=6, pattern=r"^[0-9]{6}$")]
SessionId = Annotated[str, StringConstraints(strict=True, min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
TokenDays = Annotated[int, Field(strict=True, ge=1, le=365), BeforeValidator(_from_whole)]
