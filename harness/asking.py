"""Asks a target as the harness itself does: what it answers is read to a limit, and never leads away from it."""

import http.client
import time
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

MOST_BYTES = 64_000_000
LONGEST_S = 60.0
_PART = 65_536


class EndlessAnswer(OSError):
    """An answer that was still coming when it was longer, or had taken longer, than anybody waits for."""


def origin(url: str) -> str:
    """Return the part of a URL that says who answers: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class _OnTarget(urllib.request.HTTPRedirectHandler):
    """Follows redirects to where the request went; any other is an HTTPError that says where it leads."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Return the next request; raise HTTPError when it would go to somebody else."""
        if origin(newurl) != origin(req.full_url):
            said = f"it leads to {origin(newurl)}, which is not the target: not followed"
            raise HTTPError(req.full_url, code, said, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_OnTarget)


def ask(request: urllib.request.Request | str, timeout_s: float) -> Any:
    """Return the answer, as `urllib.request.urlopen` does; the caller has checked that it is http(s).

    Raises:
        OSError: nothing answered, or with an error (HTTPError), or the answer leads to somebody else (HTTPError).
        http.client.HTTPException: what answered was no HTTP.

    """
    return _OPENER.open(request, timeout=timeout_s)


def read_all(answer: http.client.HTTPResponse, *, most_bytes: int = MOST_BYTES, longest_s: float = LONGEST_S) -> bytes:
    """Return the body of an answer.

    Raises:
        EndlessAnswer: it does not end.
        OSError: the connection broke.
        http.client.HTTPException: it ended too early.

    """
    deadline, body = time.monotonic() + longest_s, bytearray()
    while part := answer.read1(_PART):
        body += part
        if len(body) > most_bytes or time.monotonic() > deadline:
            raise EndlessAnswer(f"the answer does not end: {len(body):,} bytes so far, after {longest_s:g} s at most")
    if answer.length:  # of what Content-Length has promised, this is left
        raise http.client.IncompleteRead(bytes(body), answer.length)
    return bytes(body)
