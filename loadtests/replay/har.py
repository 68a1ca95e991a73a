"""HAR 1.2: https://w3c.github.io/web-performance/specs/HAR/Overview.html. Pure."""

import binascii
from base64 import b64decode
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from loadtests.replay.things import Recorded, Sequence, thing_made

FORM = "application/x-www-form-urlencoded"


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A part of a HAR; what else is in it is not looked at."""


class _Pair(_Part, frozen=True):
    name: str
    value: str = ""


class _PostData(_Part, frozen=True):
    mime_type: str = ""
    text: str | None = None
    params: tuple[_Pair, ...] = ()
    encoding: str | None = msgspec.field(default=None, name="_encoding")  # HAR 1.2 has it for answers only


class _Request(_Part, frozen=True):
    method: str
    url: str
    headers: tuple[_Pair, ...] = ()
    post_data: _PostData | None = None


class _Content(_Part, frozen=True):
    text: str | None = None
    encoding: str | None = None


class _Response(_Part, frozen=True):
    status: int = 0
    headers: tuple[_Pair, ...] = ()
    content: _Content = _Content()


class _Entry(_Part, frozen=True):
    request: _Request
    response: _Response = _Response()
    time: float | None = None
    pageref: str | None = None
    identity: str | msgspec.UnsetType | None = msgspec.field(default=msgspec.UNSET, name="_identity")
    """As whom the contract suite sent it, None for nobody; other tools do not say."""


class _Log(_Part, frozen=True):
    entries: tuple[_Entry, ...]


class _Har(_Part, frozen=True):
    log: _Log


def sequences_of_har(content: Any) -> list[Sequence]:
    """Return the entries of each page; those of no page each by itself.

    Raises:
        ValueError: it is no HAR; says where.

    """
    try:
        entries = msgspec.convert(content, _Har).log.entries
    except msgspec.ValidationError as error:
        raise ValueError(f"is no HAR: {error}") from None
    pages: dict[object, list[Recorded]] = {}
    for number, entry in enumerate(entries):
        pages.setdefault(entry.pageref or number, []).append(_recorded(entry))
    return [tuple(page) for page in pages.values()]


def _recorded(entry: _Entry) -> Recorded:
    request, response = entry.request, entry.response
    status = max(0, response.status)
    body, problem = _body(request.post_data)
    location = next((one.value for one in response.headers if one.name.lower() == "location"), "")
    made = thing_made(request.method, urlsplit(request.url).path, status, location, _text(response.content))
    return Recorded(
        method=request.method,
        url=request.url,
        headers=tuple((one.name, one.value) for one in request.headers),
        body=body,
        status=status,
        elapsed_s=max(0.0, entry.time or 0.0) / 1000,
        failed=status == 0 or status >= 500,  # noqa: PLR2004 - server errors
        made=made,
        problem=problem,
        identity=entry.identity or None,
        by_nobody=entry.identity is None,
    )


def _body(data: _PostData | None) -> tuple[bytes | None, str | None]:
    """Return the body, and what is wrong with it."""
    if data is None or not (data.mime_type or data.text or data.params):
        return None, None
    if data.text is None and data.params:
        if not data.mime_type.startswith(FORM):
            return None, f"its body is not in the file ({data.mime_type})"
        return urlencode([(one.name, one.value) for one in data.params]).encode(), None
    body = (data.text or "").encode(errors="surrogatepass")
    try:
        return (b64decode(body) if data.encoding == "base64" else body), None
    except ValueError:
        return None, "its body is said to be base64, and is not"


def _text(content: _Content) -> bytes | None:
    if content.encoding != "base64" or content.text is None:
        return None if content.text is None else content.text.encode(errors="surrogatepass")
    try:
        return b64decode(content.text)
    except (binascii.Error, ValueError):
        return None  # only what was made is looked for in it
