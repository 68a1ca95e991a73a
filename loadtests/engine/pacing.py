"""Puts ordinary Locust users on the schedule. Part of the engine's process: this module imports gevent and Locust.

Locust's own waits are closed loops: a user that waits for a slow answer skips the requests it should have made
meanwhile, and the percentiles never hear of them (coordinated omission). Here each request of a journey first takes
the next slot of an absolute schedule. A slot that is already due is sent at once, and its response time counts from
when it was due; a slot too far behind time is counted as dropped. Requests in `on_start` and `on_stop` are outside
the schedule and are not measured.

A profile that asks for a closed loop gets one: users keep to their own `wait_time`, and a request is due when it is
sent.
"""

import time
from collections.abc import Iterator
from typing import Any, Protocol

import gevent
from gevent import GreenletExit
from gevent.event import Event
from gevent.queue import Empty, SimpleQueue

from loadtests.engine.alarm import Alarm
from loadtests.engine.recorder import Recorder
from loadtests.profile import Profile
from loadtests.schedule import Slot

IDLE_PAUSE_S = 0.05  # after a task that asked for nothing, or raised before it did: it must not spin
BREATH_S = 0.001  # for how long slots that are due are handed out before the users who take them get their turn


class Clock:
    """Seconds since the schedule began."""

    def __init__(self) -> None:
        self.started_at_s = 0.0
        self.opened = Event()

    def open(self) -> None:
        """Begin: the first slot is due now."""
        self.started_at_s = time.perf_counter()
        self.opened.set()

    def now_s(self) -> float:
        """Return the time since the beginning; 0 before it."""
        return time.perf_counter() - self.started_at_s if self.opened.is_set() else 0.0


class Pacer(Protocol):
    """Says when users may send; `ended` is set when nobody may any more."""

    ended: Event

    def take(self, user: Any) -> Slot:
        """Wait until the user may send its next request.

        Raises:
            GreenletExit: the schedule is over; Locust ends the user in good order.

        """
        ...

    def walk(self) -> None:
        """Walk the schedule to its end; runs in a greenlet of its own."""
        ...

    def close(self, until_s: float) -> None:
        """End the schedule: slots due until then that nobody took are dropped; waiting users end."""
        ...


class OpenPacer:
    """Hands each slot to a user of its journey when it is due."""

    def __init__(self, slots: Iterator[Slot], profile: Profile, recorder: Recorder, clock: Clock) -> None:
        self.ended = Event()
        self._slots = slots
        self._recorder = recorder
        self._clock = clock
        self._patience_s = profile.patience_s
        self._due: dict[str, SimpleQueue] = {journey: SimpleQueue() for journey in profile.journeys}
        self._next: Slot | None = None

    def take(self, user: Any) -> Slot:
        """Wait until the next slot of the user's journey is due; the slots that are too far behind time are dropped."""
        queue = self._due[type(user).__name__]
        while (slot := _next(queue)) is not None:
            if self._clock.now_s() - slot.due_s <= self._patience_s:
                return slot
            self._recorder.drop(slot)
        queue.put(None)  # for the next user
        raise GreenletExit

    def walk(self) -> None:
        """Put each slot on its journey's queue when it is due, and say when there are no more."""
        with Alarm() as alarm:
            rested_s = self._clock.now_s()
            for slot in self._slots:
                self._next = slot
                now_s = self._clock.now_s()
                if slot.due_s > now_s:
                    alarm.sleep_until(self._clock.started_at_s + slot.due_s)
                    rested_s = now_s = self._clock.now_s()
                    self._recorder.note_lag(now_s - slot.due_s)
                elif now_s - rested_s > BREATH_S:
                    gevent.sleep(0)
                    rested_s = self._clock.now_s()
                self._next = None
                self._due[slot.journey].put(slot)
                self._drop_stale(self._due[slot.journey], now_s)
        for queue in self._due.values():
            queue.put(None)

    def close(self, until_s: float) -> None:
        """Drop what was due and not taken, and end the users that wait."""
        self.ended.set()
        for queue in self._due.values():
            for slot in _emptied(queue):
                self._recorder.drop(slot)
            queue.put(None)
        for slot in self._not_walked():
            if slot.due_s > until_s:
                return
            self._recorder.drop(slot)

    def _not_walked(self) -> Iterator[Slot]:
        if self._next is not None:
            yield self._next
        yield from self._slots

    def _drop_stale(self, queue: SimpleQueue, now_s: float) -> None:
        """Drop the oldest slots that nobody will take in time: all users may be busy for long."""
        while queue.qsize() > 1 and now_s - queue.peek().due_s > self._patience_s:
            self._recorder.drop(queue.get())


class ClosedPacer:
    """Lets users go on as soon as they come, as many of them as the stage has at work."""

    def __init__(self, profile: Profile, clock: Clock) -> None:
        self.ended = Event()
        self._profile = profile
        self._clock = clock
        self._starts_s = profile.starts_s
        self._number = 0

    def take(self, user: Any) -> Slot:
        """Return a slot that is due now, once the user is among those at work."""
        while not self.ended.is_set():
            now_s = self._clock.now_s()
            stage = self._profile.stage_at(now_s)
            at_work = self._profile.stages[stage].users_at(now_s - self._starts_s[stage])
            if at_work is None or user.rank * self._profile.users < at_work:
                self._number += 1
                return Slot(self._number, now_s, stage, type(user).__name__)
            self.ended.wait(IDLE_PAUSE_S)
        raise GreenletExit

    def walk(self) -> None:
        """End when the last stage does."""
        self.ended.wait(self._profile.duration_s - self._clock.now_s())
        self.ended.set()

    def close(self, until_s: float) -> None:
        """End the users that wait; nothing was due that was not sent."""
        del until_s
        self.ended.set()


def _next(queue: SimpleQueue) -> Slot | None:
    slot: Slot | None = queue.get()
    return slot


def _emptied(queue: SimpleQueue) -> list[Slot]:
    slots = []
    try:
        while (slot := queue.get_nowait()) is not None:
            slots.append(slot)
    except Empty:
        pass
    return slots
