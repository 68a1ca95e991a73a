"""Requests as they go over the wire. What is the same from one to the next is encoded once.

First lines are kept by method and URL for all users of a target; blocks of headers by their content. Both are
bounded.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode, urlunsplit

import msgspec

from loadtests.client.errors import InvalidRequest
from loadtests.client.multipart import CONTENT_TYPE, Multipart
from loadtests.client.origin import Origin, split_url
from loadtests.client.upload import PIECE_BYTES, Upload, as_bytes, is_streamed

MAX_KEPT = 4_096
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
DEFAULT_HEADERS = {"User-Agent": "proving-ground", "Accept": "*/*", "Accept-Encoding": "gzip"}
WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})
BODY_HEADERS: Mapping[str, Mapping[str, str]] = {
    "": {},
    "json": {"Content-Type": "application/json", "Accept": "application/json"},
    "form": {"Content-Type": "application/x-www-form-urlencoded"},
    "files": {"Content-Type": CONTENT_TYPE},
}
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN_TARGET = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~|]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SAFE = "/%:=&?~#+!$,;'@()*[]|"

T = TypeVar("T")
HeadersLike = Mapping[str, str | bytes]
Params = Mapping[str, Any] | Sequence[tuple[str, Any]] | str | bytes


class Line(msgspec.Struct, frozen=True):
    """The first line and the Host header, encoded; where they lead."""

    origin: Origin
    target: str
    url: str
    first: bytes
    host: bytes


class Block(msgspec.Struct, frozen=True):
    """The other headers, encoded, and what matters of them."""

    lines: bytes
    names: frozenset[str]
    expects: bool
    length: int | None


class Request(msgspec.Struct):
    """One request, ready to be sent. `wire` is all of it when there is no `upload`, else its head."""

    method: str
    line: Line
    wire: bytes
    upload: Upload | None = None
    expects: bool = False

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a second one does no harm when the server has seen the first."""
        return self.method in IDEMPOTENT and (self.upload is None or self.upload.repeatable)


class RequestMaker:
    """Makes the requests to one base URL, with the same default headers."""

    def __init__(self, base_url: str, defaults: Mapping[str, str]) -> None:
        origin, parts = split_url(base_url)
        self.origin = origin
        self._base = urlunsplit((origin.scheme, origin.authority, parts.path.rstrip("/"), "", ""))
        self._defaults = {**DEFAULT_HEADERS, **defaults}
        if parts.username is not None:
            self._defaults["Authorization"] = basic(unquote(parts.username), unquote(parts.password or ""))
        self._foreign = without_secrets(self._defaults)
        self._lines: dict[tuple[str, str], Line] = {}
        self._blocks: dict[Any, Block] = {}
        self._plain: dict[tuple[str, str], Request] = {}

    def plain(self, method: str, url: str) -> Request:
        """Return a request with default headers only; made once.

        Raises:
            InvalidRequest: the method or the URL cannot be sent.

        """
        request = self._plain.get((method, url))
        if request is None:
            request = self.make(method, url)
            _keep(self._plain, (method, url), request)
        return request

    def make(
        self,
        method: str,
        url: str,
        *,
        headers: HeadersLike | None = None,
        params: Params | None = None,
        data: Any = None,
        json: Any = None,
        files: Any = None,
        cookies: bytes = b"",
    ) -> Request:
        """Return a request.

        Raises:
            InvalidRequest: something in it cannot be sent; names it.

        """
        line = self.line(method, with_params(url, params) if params else url)
        kind, body = encode_files(data, json, files) if files else encode_body(data, json)
        block = self._block(kind, headers, self._defaults if line.origin == self.origin else self._foreign)
        upload = as_upload(body, block)
        framing = _framing(method, body, upload)
        cookie_line = b"Cookie: %b\r\n" % cookies if cookies and "cookie" not in block.names else b""
        host = b"" if "host" in block.names else line.host
        content = b"" if upload or body is None else body
        wire = b"".join((line.first, host, block.lines, cookie_line, framing, b"\r\n", content))
        return Request(method=method, line=line, wire=wire, upload=upload, expects=block.expects and upload is not None)

    def line(self, method: str, url: str) -> Line:
        """Return the first line of a request to a path of the base URL, or to an absolute URL."""
        key = (method, url)
        line = self._lines.get(key)
        if line is None:
            line = make_line(method, url if _ABSOLUTE.match(url) else f"{self._base}{url}")
            _keep(self._lines, key, line)
        return line

    def _block(self, kind: str, headers: HeadersLike | None, defaults: HeadersLike) -> Block:
        key = (kind, defaults is self._defaults, tuple(headers.items()) if headers else ())
        block = self._blocks.get(key)
        if block is None:
            block = make_block({**defaults, **BODY_HEADERS[kind]}, headers or {})
            _keep(self._blocks, key, block)
        return block


def make_line(method: str, url: str) -> Line:
    """Return the first line of a request to an absolute URL; what it may not hold as it is, is percent-encoded."""
    if not _TOKEN.fullmatch(method):
        raise InvalidRequest(f"{method!r} is no HTTP method")
    if _CONTROL.search(url):
        raise InvalidRequest(f"{url!r} has control characters in it")
    origin, parts = split_url(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    if not _PLAIN_TARGET.fullmatch(target):
        target = quote(target, safe=_SAFE)
    return Line(
        origin=origin,
        target=target,
        url=f"{origin.scheme}://{origin.authority}{target}",
        first=f"{method} {target} HTTP/1.1\r\n".encode(),
        host=f"Host: {origin.authority}\r\n".encode(),
    )


def make_block(defaults: HeadersLike, headers: HeadersLike) -> Block:
    """Return headers, encoded; those of the request replace defaults of the same name in any case.

    Raises:
        InvalidRequest: a name or a value would break the head, or frame the body in another way than the client does.

    """
    own = {name.lower() for name in headers}
    merged = {name: value for name, value in defaults.items() if name.lower() not in own} | dict(headers)
    lines: list[bytes] = []
    length: int | None = None
    expects = False
    for name, value in merged.items():
        text = _checked(name, value)
        match name.lower():
            case "content-length":
                length = _announced(text)
                continue
            case "transfer-encoding":
                raise InvalidRequest(
                    "the client itself decides on Transfer-Encoding: give `data` an iterator for chunks"
                )
            case "expect":
                expects = text.lower() == "100-continue"
        lines.append(f"{name}: {text}\r\n".encode("latin-1"))
    names = frozenset(name.lower() for name in merged)
    return Block(lines=b"".join(lines), names=names, expects=expects, length=length)


def encode_body(data: Any, json: Any) -> tuple[str, Any]:
    """Return the kind of a body, and the body: bytes, something to read it from, or None."""
    if data is None or (json is not None and not data):
        return ("", None) if json is None else ("json", dumps(json).encode())
    if isinstance(data, Mapping | list | tuple):
        return "form", _form(data).encode()
    return "", data if is_streamed(data) else as_bytes(data)


def encode_files(data: Any, json: Any, files: Any) -> tuple[str, Any]:
    """Return the kind of a form with files, and its body: something to read it from."""
    if json is not None:
        raise InvalidRequest("a request has either json, or files with fields in data")
    return "files", Multipart(data, files)


def as_upload(body: Any, block: Block) -> Upload | None:
    """Return a body that has to be sent piece by piece; None for one that goes with its head."""
    if not isinstance(body, bytes):
        return None if body is None else Upload(body, block.length)
    if block.length not in {None, len(body)}:
        raise InvalidRequest(f"the body has {len(body)} bytes, its Content-Length says {block.length}")
    return Upload(body, len(body)) if block.expects or len(body) > PIECE_BYTES else None


def with_params(url: str, params: Params) -> str:
    """Return a URL with more parameters in its query."""
    text = params if isinstance(params, str | bytes) else _form(params)
    query = text.decode("ascii") if isinstance(text, bytes) else text
    bare, mark, fragment = url.partition("#")
    return f"{bare}{'&' if '?' in bare else '?'}{query}{mark}{fragment}" if query else url


def without_secrets(headers: Mapping[str, T]) -> dict[str, T]:
    """Return the headers that may go to another origin."""
    return {name: value for name, value in headers.items() if name.lower() not in SECRET_HEADERS}


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header (RFC 7617, in UTF-8)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _form(pairs: Any) -> str:
    try:
        return urlencode(pairs, doseq=True)
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"a form, or parameters, are a mapping or pairs of names and values: {error}") from error


def _framing(method: str, body: Any, upload: Upload | None) -> bytes:
    if upload is not None:
        return b"Transfer-Encoding: chunked\r\n" if upload.length is None else b"Content-Length: %d\r\n" % upload.length
    if body is None:
        return b"" if method in WITHOUT_BODY else b"Content-Length: 0\r\n"
    return b"Content-Length: %d\r\n" % len(body)


def _checked(name: str, value: str | bytes) -> str:
    if not _TOKEN.fullmatch(name):
        raise InvalidRequest(f"{name!r} is no name of a header")
    if not isinstance(value, str | bytes):
        raise InvalidRequest(f"the header {name} is of type {type(value).__name__}; make it text")
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _BAD_VALUE.search(text):
        raise InvalidRequest(f"the header {name} has control characters (a line's end?) in its value")
    if not all(ord(letter) < 256 for letter in text):  # noqa: PLR2004 - what Latin-1 can hold
        raise InvalidRequest(f"the header {name} has letters beyond Latin-1; encode them as that header says")
    return text.strip(" \t")


def _announced(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidRequest(f"Content-Length: {text!r} is no number")
    return int(text)


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    """Keep a value under a key; all are forgotten when there are too many."""
    if len(kept) >= MAX_KEPT:
        kept.clear()
    kept[key] = value
