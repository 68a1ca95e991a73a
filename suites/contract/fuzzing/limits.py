"""Limits for what a target answers to the engine: in bytes, in time, in redirects. Schemathesis has none of its own.

A body that does not end becomes an error of that one request; of a redirect too many, the answer that holds it counts.
"""

import time
from collections.abc import Iterator
from typing import Any

import requests
from requests import PreparedRequest, Response
from schemathesis.core.transport import DEFAULT_RESPONSE_TIMEOUT, is_event_stream
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError

from harness.asking import MOST_BYTES

PATIENCE = 3
"""A body may take as many times as long as the engine waits for an answer to begin (`request-timeout`)."""
_PART = 65_536


class EndlessAnswer(requests.Timeout):
    """A body that was still coming at the limit; a timeout, since Schemathesis goes on with others after one."""


def limit_answers() -> None:
    """Put the limits into every session of this process."""
    send = requests.Session.send

    def send_within_limits(session: requests.Session, request: PreparedRequest, **how: Any) -> Response:
        how["timeout"] = how.get("timeout") or DEFAULT_RESPONSE_TIMEOUT
        request.register_hook("response", _read)
        try:
            return send(session, request, **how)
        except requests.TooManyRedirects as error:
            if error.response is None:
                raise
            return error.response

    requests.Session.send = send_within_limits  # type: ignore[method-assign]


def _read(response: Response, *_: Any, **how: Any) -> None:
    """Read the body, unless it is an event stream that Schemathesis wants to read for itself."""
    if how.get("stream") and is_event_stream(response.headers.get("Content-Type")):
        return
    if not response._content_consumed:  # noqa: SLF001 - as Response.content does
        response._content = _body(response, how["timeout"])  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


def _body(response: Response, timeout: float | tuple[float, float]) -> bytes:
    longest_s = PATIENCE * (timeout[1] if isinstance(timeout, tuple) else timeout)
    deadline, body = time.monotonic() + longest_s, bytearray()
    for part in _parts(response):
        body += part
        if len(body) > MOST_BYTES or time.monotonic() > deadline:
            response.close()
            raise EndlessAnswer(f"its body does not end: {len(body)} bytes so far", request=response.request)
    return bytes(body)


def _parts(response: Response) -> Iterator[bytes]:
    """Yield what comes, as it comes; errors are those that `Response.content` raises."""
    request = response.request
    try:
        while part := response.raw.read1(_PART, decode_content=True):
            yield part
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error, request=request) from error
    except DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error, request=request) from error
    except (HTTPError, OSError) as error:
        raise requests.exceptions.ChunkedEncodingError(error, request=request) from error
