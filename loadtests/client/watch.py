"""Time-outs without a timer for each request: one timer, for the earliest deadline of all waiting connections.

Most requests are answered long before their deadline, so that the timer is set when it rings, not when a request
begins: a request only compares its deadline with the timer's time. Each setting makes a new timer: one of libev's that
is stopped and started again goes on where it was, and would time out requests that have just begun.
"""

import select
import time
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import gevent

NEVER = float("inf")
MOST_LATE_S = 0.1
SHARE_OF_TIME = 0.05  # looking takes no more of it, however many connections there are


class Waiting(Protocol):
    """Something that may wait for its socket."""

    deadline_s: float
    waiter: Any
    number: int

    def expire(self) -> None:
        """End the wait with an error; called in the hub."""


class Watch:
    """The time-outs of one hub.

    A wait ends within some milliseconds of its deadline; where thousands wait and each look at them takes long, at most
    `MOST_LATE_S` after it. `rings_s`: when it looks next. Who begins to wait for less than that says so by `expect`.
    """

    def __init__(self, hub: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.connections: set[Waiting] = set()
        self.rings_s = NEVER
        self._clock = clock
        self._loop = hub.loop
        self._timer: Any = None
        self._rest_until_s = 0.0

    def stop(self) -> None:
        """Look no more."""
        self.rings_s = NEVER
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def expect(self, deadline_s: float) -> None:
        """Look at this time, or soon after it."""
        when_s = max(deadline_s, self._rest_until_s)
        if when_s < self.rings_s:
            self.stop()
            self.rings_s = when_s
            self._timer = self._loop.timer(max(0.0, when_s - self._clock()), ref=False)
            self._timer.start(self.look)

    def look(self) -> None:
        """Expire what waits for longer than it may, and look again when the next one does."""
        now_s = self._clock()
        late = [one for one in self.connections if one.waiter is not None and one.deadline_s <= now_s]
        looked_s = self._clock() - now_s
        self._rest_until_s = now_s + min(MOST_LATE_S, 2 * looked_s / SHARE_OF_TIME)  # the others are looked at below
        for connection in late:  # whom it wakes may end the wait of another, or begin one
            if connection.waiter is not None and not _is_readable(connection.number):
                connection.expire()
        self.stop()
        self.expect(min((one.deadline_s for one in self.connections if one.waiter is not None), default=NEVER))


_WATCHES: WeakKeyDictionary[Any, Watch] = WeakKeyDictionary()


def watch_of_this_hub() -> Watch:
    """Return the watch of the hub that runs the calling greenlet."""
    hub = gevent.get_hub()
    watch = _WATCHES.get(hub)
    if watch is None:
        watch = _WATCHES[hub] = Watch(hub)
    return watch


def _is_readable(number: int) -> bool:
    """Return whether something has come: when this process stood still, that is no time-out of the server's."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
