"""Which request follows a redirect (RFC 9110, section 15.4, and what browsers do)."""

from typing import Any
from urllib.parse import urljoin

import msgspec

from loadtests.client.answer_head import Head
from loadtests.client.errors import InvalidRequest, RedirectRefused
from loadtests.client.origin import split_url
from loadtests.client.request import HeadersLike, Request, without_secrets

STATUSES = frozenset({301, 302, 303, 307, 308})
SEE_OTHER = 303
_OF_A_BODY = frozenset({"content-type", "content-length", "content-encoding", "expect"})


class Wanted(msgspec.Struct, frozen=True):
    """What a request is made from."""

    method: str
    url: str
    headers: HeadersLike | None = None
    data: Any = None
    json: Any = None
    files: Any = None


def is_redirect(head: Head) -> bool:
    """Return whether an answer leads elsewhere."""
    return head.status in STATUSES and "location" in head.headers


def next_wanted(wanted: Wanted, request: Request, head: Head) -> Wanted:
    """Return what to ask for next.

    A POST that is moved, and anything that should see another place, becomes a GET without a body. Another origin gets
    neither Authorization nor Cookie headers.

    Raises:
        RedirectRefused: it leads to no http(s) URL, or would need a body again that can be read only once.

    """
    location = head.headers["location"].encode("latin-1").decode("utf-8", "replace")
    url = urljoin(request.line.url, location)
    try:
        origin, _ = split_url(url)
    except InvalidRequest as error:
        raise RedirectRefused(f"the redirect leads to no http or https URL: {error}") from None
    headers = dict(wanted.headers or {})
    if origin != request.line.origin:
        headers = without_secrets(headers)
    if _becomes_get(wanted.method, head.status):
        headers = {name: value for name, value in headers.items() if name.lower() not in _OF_A_BODY}
        return Wanted("GET", url, headers)
    if request.upload is not None and not request.upload.repeatable:
        raise RedirectRefused("the redirect needs the body again, and it can be read only once")
    if request.upload is not None:
        request.upload.rewind()
    return Wanted(wanted.method, url, headers, wanted.data, wanted.json, wanted.files)


def _becomes_get(method: str, status: int) -> bool:
    if status == SEE_OTHER:
        return method != "HEAD"
    return method == "POST" and status in {301, 302}
