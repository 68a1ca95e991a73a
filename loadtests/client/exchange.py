"""The record of one request whose outcome is known."""

from typing import Any

import msgspec


class Exchange(msgspec.Struct, gc=False):
    """What the client reports, once for each request.

    `token` is what `admit` returned. `sent_s` is on the clock of `time.perf_counter`, taken just before the request was
    sent, or before the connection for it was opened; `service_s` is from then to the last byte of the answer. `status`
    is 0 without an answer. `length` is that of the body in bytes, as it was sent. `error` is None for a success.
    """

    token: Any
    method: str
    name: str
    sent_s: float
    service_s: float
    status: int
    length: int
    error: BaseException | None
    context: dict[str, Any]
    answer: Any
