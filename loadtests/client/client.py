"""The client of one user: `get`, `post` and the others, as Locust's clients have them. Imports Locust."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from loadtests.client.answer import Answer, JudgedAnswer, StreamedAnswer
from loadtests.client.answer_head import Head
from loadtests.client.cookies import Cookies
from loadtests.client.errors import BadStatus, RedirectRefused, Unanswered
from loadtests.client.exchange import Exchange
from loadtests.client.redirects import Wanted, is_redirect, next_wanted
from loadtests.client.request import HeadersLike, Params, Request, RequestMaker, basic, with_params
from loadtests.client.stream import Stream
from loadtests.client.transport import Timeouts, Transport
from loadtests.client.verbs import Verbs

Admit = Callable[[str, str], Any]
Report = Callable[[Exchange], None]
Answered = Callable[[Any, float], None]
Auth = tuple[str, str]
Fetched = tuple[Request, Head, bytes | None, int, Stream | None]
Fetch = Callable[[Request, float, Timeouts], Fetched]
Timeout = float | tuple[float, float]
FIRST_BAD = 400


class LeanHttpClient(Verbs):
    """Sends requests to a base URL, with the cookies and connections of one user.

    Three attributes are there to be replaced:

    - `admit(method, name)` is called before a request is sent, and may wait; what it returns travels with the request;
    - `report(exchange)` is called once when the outcome of a request is known: with `catch_response=True` at the end of
      the with-block, with `stream=True` at the end of the body;
    - `answered(token, service_s)`, if there is one, is called for a request with `catch_response=True` when its answer
      is there, while the with-block has yet to judge it.
    """

    __slots__ = (
        "__weakref__", "_contexts", "_cookies", "_follows_redirects", "_maker", "_max_redirects", "_timeouts",
        "_transport", "admit", "answered", "base_url", "body_limit", "report", "request_name",
    )  # fmt: skip

    def __init__(
        self,
        base_url: str,
        maker: RequestMaker,
        transport: Transport,
        *,
        report: Report,
        contexts: Callable[[], dict[str, Any]] | None,
        timeouts: Timeouts,
        body_limit: int,
        max_redirects: int,
        follows_redirects: bool,
    ) -> None:
        self.base_url = base_url
        self.admit: Admit = admit_at_once
        self.report = report
        self.answered: Answered | None = None
        self.body_limit = body_limit
        self._follows_redirects = follows_redirects
        self.request_name: str | None = None
        self._maker = maker
        self._transport = transport
        self._contexts = contexts
        self._timeouts = timeouts
        self._max_redirects = max_redirects
        self._cookies: Cookies | None = None

    @property
    def cookies(self) -> Cookies:
        """The user's cookies: a `http.cookiejar.CookieJar`."""
        if self._cookies is None:
            self._cookies = Cookies()
        return self._cookies

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,  # noqa: FBT001, FBT002 - as in Locust
        stream: bool = False,  # noqa: FBT001, FBT002
        headers: HeadersLike | None = None,
        auth: Auth | None = None,
        json: Any = None,
        allow_redirects: bool | None = None,  # noqa: FBT001
        context: dict[str, Any] | None = None,
        params: Params | None = None,
        timeout: Timeout | None = None,
        files: Any = None,
    ) -> Answer:
        """Send a request and return its answer; whatever goes wrong on the way is in the answer.

        `url` is a path of the base URL, or absolute. `data` is bytes, text, a form (mapping or pairs), a file, or an
        iterable of pieces, in chunks unless there is a Content-Length header; `files` makes a form with files as in
        `requests`: by field a file, bytes, text, or a tuple of name, content, type and headers; `data` has the other
        fields then. `timeout` is (connect, read) in seconds, or one number for both.

        Raises:
            InvalidRequest: this cannot be sent.

        """
        if auth is not None:
            headers = {**(headers or {}), "Authorization": basic(*auth)}
        wanted: Wanted | None = None
        if headers or data is not None or json is not None or params or files or self._cookies is not None:
            wanted = Wanted(method, with_params(url, params) if params else url, headers, data, json, files)
            request = self._make(wanted)
        else:
            request = self._maker.plain(method, url)
        if self._contexts is not None:
            context = {**self._contexts(), **(context or {})}
        follows = self._follows_redirects if allow_redirects is None else allow_redirects
        if stream or follows:
            wanted = wanted or Wanted(method, url)
            fetch: Fetch = functools.partial(self._send, wanted, stream=stream, follows=follows)
        else:
            fetch = self._fetch
        timeouts = self._timeouts if timeout is None else _pair(timeout)
        return self._perform(request, name or self.request_name or url, fetch, timeouts, context or {}, catch_response)

    def _perform(
        self,
        request: Request,
        name: str,
        fetch: Fetch,
        timeouts: Timeouts,
        context: dict[str, Any],
        judged: bool,  # noqa: FBT001
    ) -> Answer:
        """Let it be admitted, send it, and report it, unless that is for a with-block or a stream to do."""
        method = request.method
        token = self.admit(method, name)
        error: Exception | None = None
        sent_s = perf_counter()
        try:
            request, head, body, length, stream = fetch(request, sent_s, timeouts)
            status = head.status
        except Unanswered as failure:
            head, body, length, status, stream = None, b"", 0, 0, None
            error = failure.with_traceback(None)  # its frames know the answer, which will know it: a cycle
        except Exception as failure:  # of the journey's own making, such as an iterator of its body that raises
            self.report(Exchange(token, method, name, sent_s, perf_counter() - sent_s, 0, 0, failure, context, None))
            raise
        service_s = perf_counter() - sent_s
        kind = JudgedAnswer if judged else Answer if stream is None else StreamedAnswer
        known = (token, method, name, request, context, self.body_limit, sent_s, service_s, status, length, head, body)
        answer = kind(*known, error, None, stream)
        if kind is Answer:
            if status >= FIRST_BAD:
                error = BadStatus(status)
            self.report(Exchange(token, method, name, sent_s, service_s, status, length, error, context, answer))
            return answer
        answer.conclude = self._conclude
        if judged and self.answered is not None:
            self.answered(token, service_s)
        return answer

    def _fetch(self, request: Request, sent_s: float, timeouts: Timeouts) -> Fetched:
        head, body, length = self._transport.fetch(request, sent_s, timeouts)
        if head.sets_cookies:
            self.cookies.take(head, request.line.origin, request.line.target)
        return request, head, body, length, None

    @contextlib.contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Give all requests in a with-block one name."""
        before, self.request_name = self.request_name, name
        try:
            yield
        finally:
            self.request_name = before

    def stay_at_home(self) -> None:
        """Send nothing to another origin than the base URL's: no absolute URL, and no redirect."""
        self._transport.only = self._maker.origin

    def close(self) -> None:
        """Close the connections; the next request opens one again."""
        self._transport.close()

    def _make(self, wanted: Wanted) -> Request:
        cookies = b""
        if self._cookies is not None:
            line = self._maker.line(wanted.method, wanted.url)
            cookies = self._cookies.header_for(line.origin, line.target)
        return self._maker.make(
            wanted.method, wanted.url, headers=wanted.headers, data=wanted.data, json=wanted.json, files=wanted.files,
            cookies=cookies,
        )  # fmt: skip

    def _send(
        self, wanted: Wanted, request: Request, sent_s: float, timeouts: Timeouts, *, stream: bool, follows: bool
    ) -> Fetched:
        """Send a request and those that redirects lead to; return the last one and its answer."""
        for _ in range(self._max_redirects + 1):
            body, length, opened = None, 0, None
            if stream:
                head, opened = self._transport.open_stream(request, sent_s, timeouts)
            else:
                head, body, length = self._transport.fetch(request, sent_s, timeouts)
            if head.sets_cookies:
                self.cookies.take(head, request.line.origin, request.line.target)
            if not follows or not is_redirect(head):
                return request, head, body, length, opened
            if opened is not None:
                opened.close()
            wanted = next_wanted(wanted, request, head)
            request = self._make(wanted)
        raise RedirectRefused(f"more than {self._max_redirects} redirects")

    def _conclude(self, answer: Answer, error: BaseException | None) -> None:
        self.report(
            Exchange(
                answer.token, answer.method, answer.name, answer.sent_s, answer.service_s, answer.status_code,
                answer.length, error, answer.context, answer,
            )
        )  # fmt: skip


def admit_at_once(_method: str, _name: str) -> None:
    """Let every request go: what `LeanHttpClient.admit` does at first."""


def _pair(timeout: Timeout) -> Timeouts:
    return timeout if isinstance(timeout, tuple) else (timeout, timeout)
