"""One request and its answer, as they are: no redirect followed, no header dropped, nothing retried."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from security.evidence import CheckIncomplete

_BODY_LIMIT = 16 * 2**20


class Request(msgspec.Struct, frozen=True):
    """A request; `path` is sent as it is."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Answer(msgspec.Struct, frozen=True):
    """An answer; header names in lower case, repeated headers joined by a comma as RFC 9110 allows."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(base_url: str, request: Request, timeout_s: float) -> Answer:
    """Send a request on a connection of its own.

    Raises:
        CheckIncomplete: no whole answer came within `timeout_s` seconds of silence.

    """
    parts = urlsplit(base_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=timeout_s)
    try:
        connection.request(request.method, parts.path.rstrip("/") + request.path, request.body, dict(request.headers))
        response = connection.getresponse()
        return Answer(response.status, _headers(response), response.read(_BODY_LIMIT))
    except (OSError, http.client.HTTPException) as error:
        raise CheckIncomplete(f"{request}: no answer: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
