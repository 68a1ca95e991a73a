"""Time-outs without a timer for each request: one timer looks at all waiting connections, ten times a second.

The timer is started once and never stopped: a libev timer that is stopped and started again goes on where it was, and
would time out requests that have just begun.
"""

import select
import time
from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import gevent

TICK_S = 0.1


class Waiting(Protocol):
    """Something that may wait for its socket."""

    deadline_s: float
    waiter: Any
    number: int

    def expire(self) -> None:
        """End the wait with an error; called in the hub."""


class Watch:
    """The time-outs of one hub. A wait ends at most `TICK_S` after its deadline."""

    def __init__(self, hub: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.connections: set[Waiting] = set()
        self._clock = clock
        self._timer = hub.loop.timer(TICK_S, TICK_S, ref=False)
        self._timer.start(self.look)

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._timer.close()

    def look(self) -> None:
        """Expire what waits for longer than it may."""
        now_s = self._clock()
        for connection in list(self.connections):
            if connection.waiter is not None and connection.deadline_s < now_s and not _is_readable(connection.number):
                connection.expire()


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
