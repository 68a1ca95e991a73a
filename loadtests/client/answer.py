"""Answers, as journeys see them: the surface that Locust's clients have. Imports Locust."""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import msgspec
from locust.exception import CatchResponseError, LocustError, ResponseError

from loadtests.client.answer_head import Head, Headers
from loadtests.client.decoding import GZIP, unpack, unpack_all
from loadtests.client.errors import BadStatus, BodyDiscarded, BodyUnavailable, LeanError, Unanswered
from loadtests.client.request import Request
from loadtests.client.stream import Stream

NO_HEADERS = Headers({})
DEFAULT_ENCODING = "utf-8"
ITER_BYTES = 65_536
WALL_CLOCK_OFFSET_S = time.time() - time.perf_counter()
WITHOUT_WITH = "To change the state of the request, pass catch_response=True and use a with-block"


class Answer(msgspec.Struct, dict=True, eq=False):
    """The answer to one request, or the error instead: then `status_code` is 0 and the body empty.

    `body` is None when it was longer than `limit`, or is still to be streamed.
    """

    token: Any
    method: str
    name: str
    request: Request
    context: dict[str, Any]
    limit: int
    sent_s: float
    service_s: float
    status_code: int
    length: int
    head: Head | None
    body: bytes | None
    error: Exception | None = None
    encoding: str | None = None
    stream: Stream | None = None
    meta: dict[str, Any] | None = None
    unpacked: bytes | None = None
    conclude: Callable[["Answer", BaseException | None], None] | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer, of a status below 400."""
        return self.error is None and self.status_code < HTTPStatus.BAD_REQUEST

    @property
    def url(self) -> str:
        """The URL of the request; after redirects, of the last one."""
        return self.request.line.url

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers by name, in any case."""
        return NO_HEADERS if self.head is None else self.head.headers

    @property
    def elapsed(self) -> dt.timedelta:
        """The service time."""
        return dt.timedelta(seconds=self.service_s)

    @property
    def content(self) -> bytes:
        """The body, unpacked.

        Raises:
            BodyDiscarded: it was longer than the user's `body_limit`.
            DecodingFailed: it cannot be unpacked.

        """
        if self.stream is not None and self.body is None:
            self.body = b"".join(self._bounded(self.iter_content(decode_content=False)))
        if self.body is None:
            raise BodyDiscarded(
                f"the body's {self.length} bytes were counted, not kept (body_limit is {self.limit}); use stream=True"
            )
        if self.head is None or not self.body or self.head.encoding not in GZIP:
            return self.body
        if self.unpacked is None:
            self.unpacked = unpack_all(self.body, self.limit)
        return self.unpacked

    @property
    def text(self) -> str:
        """The body as text: in the charset of its Content-Type, else in UTF-8."""
        return self.content.decode(self._charset(), "replace")

    @property
    def request_meta(self) -> dict[str, Any]:
        """What Locust's event will get; what is changed in it before the report, counts."""
        if self.meta is None:
            self.meta = {
                "request_type": self.method,
                "name": self.name,
                "response_time": self.service_s * 1000,
                "response_length": self.length,
                "exception": self.outcome(),
                "context": self.context,
                "start_time": self.sent_s + WALL_CLOCK_OFFSET_S,
                "url": self.url,
            }
        return self.meta

    def json(self, **options: Any) -> Any:
        """Return the body, read as JSON.

        Raises:
            Unanswered: there was no answer. In a with-block that ends it, and counts as this request's failure.

        """
        if self.error is not None:
            raise self.error
        return json.loads(self.content, **options)

    def raise_for_status(self) -> None:
        """Raise the error, or BadStatus for a status of 400 or more."""
        if (error := self.outcome()) is not None:
            raise error

    def outcome(self) -> Exception | None:
        """Return the error by which this request failed, if nobody judges otherwise."""
        if self.error is None and self.status_code >= HTTPStatus.BAD_REQUEST:
            return BadStatus(self.status_code)
        return self.error

    def iter_content(self, chunk_size: int = ITER_BYTES, decode_content: bool = True) -> Iterator[bytes]:  # noqa: FBT001, FBT002 - as in Locust
        """Yield the body in pieces of at most `chunk_size` bytes; with `stream=True` it is never held as a whole.

        Raises:
            Unanswered: the answer broke off.
            DecodingFailed: it cannot be unpacked.

        """
        source: Iterable[bytes] = (self.content,) if self.stream is None else self.stream
        if decode_content and self.stream is not None and self.head is not None and self.head.encoding in GZIP:
            source = unpack(source)
        try:
            for piece in source:
                for start in range(0, len(piece), chunk_size):
                    yield piece[start : start + chunk_size]
        except LeanError as error:
            self.error = error
            raise
        finally:
            self._end()

    def iter_lines(self) -> Iterator[str]:
        """Yield the body by lines, without their ends."""
        rest = b""
        for piece in self.iter_content():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r").decode(self._charset(), "replace")
        if rest:
            yield rest.decode(self._charset(), "replace")

    def close(self) -> None:
        """Read no further."""
        self._end()

    def success(self) -> None:
        """Only inside a with-block."""
        raise LocustError(WITHOUT_WITH)

    def failure(self, _reason: object) -> None:
        """Only inside a with-block."""
        raise LocustError(WITHOUT_WITH)

    def __enter__(self) -> Self:
        raise LocustError(WITHOUT_WITH)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """Never reached."""

    def _end(self) -> None:
        """Take what is known at the end of a stream."""
        stream = self.stream
        if stream is not None:
            stream.close()
            self.length, self.service_s = stream.length, stream.ended_s - self.sent_s

    def _bounded(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        kept = 0
        for piece in pieces:
            kept += len(piece)
            if kept > self.limit:
                raise BodyDiscarded(f"the body is longer than the user's body_limit of {self.limit} bytes")
            yield piece

    def _charset(self) -> str:
        if self.encoding is None:
            self.encoding = charset_of(self.headers.get("content-type", ""))
        return self.encoding


class JudgedAnswer(Answer):
    """The answer of a request with `catch_response=True`: a context manager whose end reports the request."""

    verdict: bool | Exception | None = None
    entered: bool = False

    def success(self) -> None:
        """Count the request as a success, whatever its status."""
        self._check_entered("success()")
        self.verdict = True

    def failure(self, reason: object) -> None:
        """Count the request as a failure."""
        self._check_entered("failure(...)")
        self.verdict = reason if isinstance(reason, Exception) else CatchResponseError(reason)

    def raise_for_status(self) -> None:
        """Raise what the request fails with; nothing after `success()`."""
        if isinstance(self.verdict, Exception):
            raise self.verdict
        if not self.verdict:
            super().raise_for_status()

    def __enter__(self) -> Self:
        self.entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Report, as Locust does: an error that is no verdict leaves the block, and the request unreported."""
        self._end()
        if self.verdict is not None:
            self._conclude(None if self.verdict is True else self.verdict)
            return error is None
        if isinstance(error, ResponseError | Unanswered | BodyUnavailable):
            self._conclude(error)
        elif error is not None:
            return False
        else:
            self._conclude(self.outcome())
        return True

    def _conclude(self, error: Any) -> None:
        conclude, self.conclude = self.conclude, None
        if conclude is not None:
            conclude(self, error)
        if isinstance(error, LeanError):
            error.with_traceback(None)  # it leads to frames that know this answer, which knows the error: a cycle

    def _check_entered(self, call: str) -> None:
        if not self.entered:
            raise LocustError(
                f"The request has not been made; use a with-block: with ….get(…) as answer: answer.{call}"
            )


class StreamedAnswer(Answer):
    """The answer of a request with `stream=True`: reported when its body ends, is closed, or nobody has it any more."""

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        super()._end()
        conclude, self.conclude = self.conclude, None
        if conclude is not None:
            conclude(self, self.outcome())


def charset_of(content_type: str) -> str:
    """Return the charset that a Content-Type names, if Python knows it, else UTF-8."""
    _, found, rest = content_type.lower().partition("charset=")
    name = rest.partition(";")[0].strip(" \"'") if found else DEFAULT_ENCODING
    try:
        b"x".decode(name, "replace")
    except (LookupError, ValueError):
        return DEFAULT_ENCODING
    return name
