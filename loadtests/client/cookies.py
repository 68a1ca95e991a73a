"""A user's cookies: the standard library's jar decides on domain, path, expiry and Secure; its answers are kept."""

import time
from email.message import Message
from http.cookiejar import Cookie, CookieJar
from typing import Any, cast
from urllib.request import Request as UrlRequest

from loadtests.client.answer_head import Head
from loadtests.client.origin import Origin

MAX_KEPT = 64
FOREVER = float("inf")


class Cookies(CookieJar):
    """A jar, and the Cookie headers that it gave for the last paths: asking it anew takes as long as a request."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[Origin, str], bytes] = {}
        self._good_until_s = FOREVER

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie."""
        super().set_cookie(cookie)
        self._forget()

    def clear(self, domain: str | None = None, path: str | None = None, name: str | None = None) -> None:
        """Remove cookies."""
        super().clear(domain, path, name)
        self._forget()

    def header_for(self, origin: Origin, target: str) -> bytes:
        """Return the value of the Cookie header for a request; empty for none."""
        if time.time() >= self._good_until_s:
            self._forget()
        key = (origin, target.partition("?")[0])
        header = self._kept.get(key)
        if header is None:
            request = _request(*key)
            self.add_cookie_header(request)
            header = (request.get_header("Cookie") or "").encode("latin-1", "replace")
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = header
        return header

    def take(self, head: Head, origin: Origin, target: str) -> None:
        """Keep what an answer sets, if it may."""
        message = Message()
        for value in head.headers.get_all("set-cookie"):
            message.add_header("Set-Cookie", value)
        self.extract_cookies(cast("Any", _Answer(message)), _request(origin, target))

    def _forget(self) -> None:
        self._kept.clear()
        self._good_until_s = min((cookie.expires for cookie in self if cookie.expires is not None), default=FOREVER)


class _Answer:
    """As much of an answer as the jar looks at."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def info(self) -> Message:
        """Return its headers."""
        return self._message


def _request(origin: Origin, target: str) -> UrlRequest:
    return UrlRequest(f"{origin.scheme}://{origin.authority}{target}")  # noqa: S310 - http and https only, never opened
