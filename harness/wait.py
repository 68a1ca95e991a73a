"""The only polling loop of the project."""

import time
from collections.abc import Callable
from typing import TypeVar

from harness.errors import TimedOut

T = TypeVar("T")


def wait_for(
    probe: Callable[[], T | None],
    *,
    what: str,
    timeout_s: float,
    transient: tuple[type[Exception], ...] = (),
    interval_s: float = 0.005,
    longest_interval_s: float = 0.25,
    pause: Callable[[float], object] = time.sleep,
) -> T:
    """Call `probe` until it returns something true, and return that.

    Exceptions named in `transient` count as "not yet"; any other propagates. The interval doubles up to
    the longest, so that quick things are seen at once and slow ones do not burn a core; `pause` is how it passes,
    and may be over early. The probe runs once more after the deadline: a machine that slept must not turn "ready"
    into "late".

    Raises:
        TimedOut: after `timeout_s` seconds of the monotonic clock; says what was awaited and the last error.

    """
    deadline = time.monotonic() + timeout_s
    while True:
        expired = time.monotonic() >= deadline
        last_error: Exception | None = None
        try:
            if found := probe():
                return found
        except transient as error:
            last_error = error
        if expired:
            raise TimedOut(_message(what, timeout_s, last_error)) from last_error
        pause(interval_s)
        interval_s = min(interval_s * 2, longest_interval_s)


def _message(what: str, timeout_s: float, last_error: Exception | None) -> str:
    because = f": {last_error}" if last_error else ""
    return f"{what}: not within {timeout_s:g} s{because}"
