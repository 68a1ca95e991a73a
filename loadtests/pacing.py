"""Puts ordinary Locust users on the schedule. Part of the engine's process: this module imports gevent and Locust.

Locust's own waits are closed loops: a user that waits for a slow answer skips the requests it should have made
meanwhile, and the percentiles never hear of them (coordinated omission). Here each request of a journey first takes
the next slot of an absolute schedule. A slot that is already due is sent at once, and its response time counts from
when it was due; a slot too far behind time is counted as dropped. Requests in `on_start` and `on_stop` are outside the
schedule and are not measured.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gevent import GreenletExit
from gevent.event import Event
from locust import User

from loadtests.recorder import Recorder
from loadtests.schedule import Dealer, Slot

SLOT = "proving_ground_slot"  # key in the context that Locust carries from the request to its event
IDLE_PAUSE_S = 0.05  # after a task that asked for nothing, or raised before it did: it must not spin


class Pacer:
    """Hands slots to users when they are due; all times are seconds since `open`."""

    def __init__(self, dealer: Dealer, recorder: Recorder, patience_s: float) -> None:
        self._dealer = dealer
        self._recorder = recorder
        self._patience_s = patience_s
        self._opened = Event()
        self.closed = Event()
        self._start = 0.0

    def await_opening(self) -> None:
        """Wait until the schedule starts."""
        self._opened.wait()

    def open(self) -> None:
        """Start the schedule: the first slot is due now."""
        self._start = time.perf_counter()
        self._opened.set()

    def now_s(self) -> float:
        """Return the time since the start; 0 before it."""
        return time.perf_counter() - self._start if self._opened.is_set() else 0.0

    def take(self, journey: str) -> Slot:
        """Wait until the journey's next slot is due, and return it.

        Raises:
            GreenletExit: the schedule is over; Locust ends the user in good order.

        """
        while not self.closed.is_set() and (slot := self._dealer.next_for(journey)) is not None:
            ahead_s = slot.due_s - self.now_s()
            if ahead_s > 0 and not self._sleep_until(slot, ahead_s):
                break
            if -ahead_s > self._patience_s:
                self._recorder.drop(slot)
            else:
                return slot
        raise GreenletExit

    def close(self, until_s: float) -> None:
        """End the schedule: slots due until then that nobody took are dropped; waiting users end."""
        self.closed.set()
        for slot in self._dealer.remaining(until_s):
            self._recorder.drop(slot)

    def _sleep_until(self, slot: Slot, ahead_s: float) -> bool:
        """Sleep until a slot is due; False when the schedule was closed meanwhile."""
        closed = self.closed.wait(ahead_s)
        now_s = self.now_s()
        if closed:
            if slot.due_s <= now_s:
                self._recorder.drop(slot)
            return False
        self._recorder.note_lag(now_s - slot.due_s, now_s)
        return True


def paced(journey: type[User], pacer: Pacer, recorder: Recorder, ready: Callable[[], None]) -> type[User]:
    """Return the journey as a class of the same name whose users keep to the schedule.

    `ready` is called by each user when its `on_start` is done.
    """

    def __init__(self: Any, environment: Any) -> None:  # noqa: N807 - it becomes the class's
        journey.__init__(self, environment)
        self.on_schedule = False
        self.is_idle = True
        self.client.request = _on_schedule(self, pacer, recorder)

    def on_start(self: Any) -> None:
        journey.on_start(self)
        ready()
        pacer.await_opening()
        self.on_schedule = True

    def on_stop(self: Any) -> None:
        self.on_schedule = False
        journey.on_stop(self)  # type: ignore[no-untyped-call]

    def wait_time(self: Any) -> float:
        pause_s = IDLE_PAUSE_S if self.is_idle else 0.0
        self.is_idle = True
        return pause_s

    body = {
        "__init__": __init__,
        "__module__": journey.__module__,
        "on_start": on_start,
        "on_stop": on_stop,
        "wait_time": wait_time,
    }
    metaclass: Any = type(journey)
    made: type[User] = metaclass(journey.__name__, (journey,), body)
    return made


def _on_schedule(user: Any, pacer: Pacer, recorder: Recorder) -> Callable[..., Any]:
    """Wrap the `request` of a user's client, through which `get`, `post` and the others go."""
    send = user.client.request
    journey = type(user).__name__

    def request(method: str, url: str, name: str | None = None, **options: Any) -> Any:
        if not user.on_schedule:
            return send(method, url, name, **options)
        _check_is_target(url, user.host)
        user.is_idle = False
        slot = pacer.take(journey)
        options["context"] = {**options.get("context", {}), SLOT: slot}
        recorder.start(slot, pacer.now_s(), f"{method} {name or url}")
        answer = send(method, url, name, **options)
        recorder.hold(slot, pacer.now_s())
        return answer

    return request


def _check_is_target(url: str, host: str) -> None:
    """Load goes only to the target: an absolute URL of another place is a mistake of the journey."""
    parts = urlsplit(url)
    if parts.netloc and (parts.scheme, parts.netloc) != urlsplit(host)[:2]:
        raise PermissionError(f"{parts.scheme}://{parts.netloc} is not the target; load goes only to {host}")
