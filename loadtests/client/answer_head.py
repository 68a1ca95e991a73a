"""Heads of answers, read strictly: what two readers could understand in two ways is refused (RFC 9112, section 6.3).

Servers answer with the same head again and again, but for its date: the last heads are kept, so that one lookup does.
"""

import re
from collections.abc import Iterator, Mapping

from loadtests.client.errors import BadAnswer

MAX_KNOWN = 512
NO_CONTENT = 204
NOT_MODIFIED = 304
FIRST_FINAL = 200
SWITCHING_PROTOCOLS = 101

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEAD = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n\0]*)?((?:\r\n" + _TOKEN + rb":[^\r\n\0]*)*)")
_FIELD = re.compile(rb"\r\n(" + _TOKEN + rb"):[ \t]*([^\r\n]*)")
_FRAMING = re.compile(
    rb"\r\n(content-length|transfer-encoding|connection|set-cookie|content-encoding):[ \t]*([^\r\n]*)", re.IGNORECASE
)
_LENGTH = re.compile(rb"[0-9]{1,18}")


class Headers(Mapping[str, str]):
    """Headers by name, in any case. Those that came several times are joined with commas; `get_all` has them apart."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, tuple[str, ...]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({dict(self)})"

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of a header, in the order in which they came."""
        return self._fields.get(name.lower(), ())


class Head:
    """What the head of an answer says.

    `length` is None without Content-Length; `quick_length` is that of a body which ends within a connection that stays
    open, and -1 for any other kind of body.
    """

    __slots__ = ("_headers", "chunked", "closes", "encoding", "length", "quick_length", "raw", "sets_cookies", "status")

    def __init__(self, raw: bytes) -> None:
        matched = _HEAD.fullmatch(raw)
        if matched is None:
            raise BadAnswer("the head of the answer is not HTTP/1.1")
        self.raw = raw
        self._headers: Headers | None = None
        self.status = int(matched[2])
        self.length: int | None = None
        self.chunked = False
        self.encoding = b""
        self.sets_cookies = False
        self.closes = matched[1] == b"0"
        for name, value in _FRAMING.findall(matched[3]):
            self._take(name.lower(), value.rstrip(b" \t"))
        self._refuse_ambiguity(old=matched[1] == b"0")
        self.quick_length = self._quick_length()

    @property
    def headers(self) -> Headers:
        """All headers; made when first asked for."""
        if self._headers is None:
            fields: dict[str, tuple[str, ...]] = {}
            for name, value in _FIELD.findall(self.raw):
                key = name.decode().lower()
                fields[key] = (*fields.get(key, ()), value.rstrip(b" \t").decode("latin-1"))
            self._headers = Headers(fields)
        return self._headers

    def has_body(self, method: str) -> bool:
        """Return whether a body follows, in answer to a request of this method."""
        return method != "HEAD" and self.status >= FIRST_FINAL and self.status not in {NO_CONTENT, NOT_MODIFIED}

    def ends_connection(self, method: str) -> bool:
        """Return whether the connection can carry no further request after this answer."""
        return self.closes or (self.length is None and not self.chunked and self.has_body(method))

    def _take(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            if not _LENGTH.fullmatch(value) or self.length not in {None, int(value)}:
                raise BadAnswer("Content-Length is no number, or there are two different ones")
            self.length = int(value)
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked" or self.chunked:
                raise BadAnswer("Transfer-Encoding is not just `chunked`")
            self.chunked = True
        elif name == b"connection":
            tokens = {token.strip() for token in value.lower().split(b",")}
            self.closes = b"close" in tokens or (self.closes and b"keep-alive" not in tokens)
        elif name == b"content-encoding":
            self.encoding = value.lower()
        else:
            self.sets_cookies = True

    def _refuse_ambiguity(self, *, old: bool) -> None:
        if self.chunked and self.length is not None:
            raise BadAnswer("both Transfer-Encoding and Content-Length: where the body ends is ambiguous")
        if self.chunked and old:
            raise BadAnswer("Transfer-Encoding in HTTP/1.0: where the body ends is ambiguous")

    def _quick_length(self) -> int:
        if self.closes or self.chunked or self.length is None or not self.has_body("GET"):
            return -1
        return self.length


KNOWN: dict[bytes, Head] = {}
"""The last heads, by their bytes without the empty line at the end; bounded by `learn`."""


def learn(raw: bytes) -> Head:
    """Return the head that these bytes are, and keep it if it can come again.

    Raises:
        BadAnswer: it is malformed or ambiguous.

    """
    head = KNOWN.get(raw)
    if head is None:
        head = Head(raw)
        if not head.sets_cookies:
            if len(KNOWN) >= MAX_KNOWN:
                KNOWN.clear()
            KNOWN[raw] = head
    return head
