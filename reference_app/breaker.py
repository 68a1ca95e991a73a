"""Remembers for a moment that something failed, so that not everybody waits to find it out again."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """After a failure one caller in `retry_s` may try; after a success everybody may.

    Who tries is waited for `turn_s` (as long as `retry_s` where nothing is said) before the next one may.
    """

    def __init__(
        self, retry_s: float, now_s: Callable[[], float] = time.monotonic, *, turn_s: float | None = None
    ) -> None:
        self._retry_s = retry_s
        self._turn_s = retry_s if turn_s is None else turn_s
        self._now_s = now_s
        self._lock = threading.Lock()
        self._shut_until_s: float | None = None

    @property
    def is_shut(self) -> bool:
        """Whether the last attempt failed."""
        return self._shut_until_s is not None

    def may_try(self) -> bool:
        """Return whether this caller may; while others fail, a yes is this caller's turn."""
        if self._shut_until_s is None:
            return True
        with self._lock:
            now_s = self._now_s()
            if self._shut_until_s is not None and now_s < self._shut_until_s:
                return False
            self._shut_until_s = now_s + self._turn_s
            return True

    def failed(self) -> None:
        """Note a failure."""
        self._shut_until_s = self._now_s() + self._retry_s

    def worked(self) -> None:
        """Note a success."""
        self._shut_until_s = None
