"""Locust user classes whose requests keep to the schedule and are recorded. Imports Locust."""

import itertools
from collections.abc import Callable
from typing import Any

from locust import User
from locust.contrib.fasthttp import LocustBadStatusCode
from requests import HTTPError

from loadtests.client.errors import BadStatus
from loadtests.client.exchange import Exchange
from loadtests.client.user import LeanHttpUser
from loadtests.engine.confinement import confine
from loadtests.engine.pacing import IDLE_PAUSE_S, Clock, Pacer
from loadtests.engine.recorder import Recorder
from loadtests.schedule import Slot

SLOT = "proving_ground_slot"  # key in the context that Locust carries from the request to its event


class Ledger:
    """Where users take their slots, and where the outcomes of their requests are written down."""

    def __init__(self, pacer: Pacer, recorder: Recorder, clock: Clock) -> None:
        self._pacer = pacer
        self._recorder = recorder
        self._clock = clock

    def send(self, user: Any, method: str, name: str) -> Slot:
        """Wait for the user's next slot, and note that its request is sent now."""
        user.is_idle = False
        slot = self._pacer.take(user)
        self._recorder.start(slot, self._clock.now_s(), f"{method} {name}")
        return slot

    def hold(self, slot: Slot | None, _service_s: float = 0.0) -> None:
        """Note that an answer is there, which its journey has yet to judge."""
        if slot is not None:
            self._recorder.hold(slot, self._clock.now_s())

    def fail(self, slot: Slot, error: Exception) -> None:
        """Note that a request raised in its journey, unless its outcome is written down."""
        self._recorder.fail(slot, self._clock.now_s(), sentence(error))

    def on_exchange(self, exchange: Exchange) -> None:
        """Write down the outcome of a request of the lean client."""
        slot, error, service_s = exchange.token, exchange.error, exchange.service_s
        endpoint = f"{exchange.method} {exchange.name}"
        if slot is None:
            self._note_outside(endpoint, error)
            return
        meta = None if exchange.answer is None else exchange.answer.meta
        if meta is not None:  # the journey has looked at it, and what it changed counts, as with Locust's clients
            endpoint, service_s = f"{meta['request_type']} {meta['name']}", meta["response_time"] / 1000
        told = None if error is None else _told(error, exchange.status)
        self._recorder.finish(slot, service_s, endpoint, told, status=exchange.status, size=exchange.length)

    def on_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int,
        exception: BaseException | None,
        context: dict[str, Any],
        response: Any = None,
        **_more: Any,
    ) -> None:
        """Write down the outcome of a request of Locust's own clients: a listener of their event."""
        endpoint = f"{request_type} {name}"
        slot = context.get(SLOT)
        if slot is None:
            self._note_outside(endpoint, exception)
            return
        status = getattr(response, "status_code", 0) or 0
        told = None if exception is None else _told(exception, status)
        self._recorder.finish(slot, response_time / 1000, endpoint, told, status=status, size=response_length or 0)

    def note_error(self, told: str) -> None:
        """Count what went wrong beside the requests of the schedule."""
        self._recorder.note_error(told)

    def _note_outside(self, endpoint: str, error: BaseException | None) -> None:
        if error is not None:
            self.note_error(f"{endpoint} (outside the schedule): {sentence(error)}")


def sentence(error: BaseException) -> str:
    """Return an error as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _told(error: BaseException, status: int) -> str:
    """Return what an error says of every request alike: Locust's own text of a bad status has the URL in it."""
    return f"answered {status}" if isinstance(error, BadStatus | LocustBadStatusCode | HTTPError) else sentence(error)


def scheduled(
    journey: type[User], ledger: Ledger, clock: Clock, count: int, ready: Callable[[], None], *, closed_loop: bool
) -> type[User]:
    """Return the journey as a class of the same name, of whose users there will be `count`.

    Each has a `rank` between 0 and 1 among them, and calls `ready` when its `on_start` is done.
    """
    ranks = itertools.count()

    def __init__(self: Any, environment: Any) -> None:  # noqa: N807 - it becomes the class's
        journey.__init__(self, environment)
        self.rank = (next(ranks) + 0.5) / count
        self.on_schedule = False
        self.is_idle = True
        confine(self, environment.host)
        if isinstance(self, LeanHttpUser):
            _put_lean_client_on_schedule(self, ledger)
        else:
            self.client.request = _on_schedule(self, ledger)

    def on_start(self: Any) -> None:
        journey.on_start(self)
        ready()
        clock.opened.wait()
        self.on_schedule = True

    def on_stop(self: Any) -> None:
        self.on_schedule = False
        try:
            journey.on_stop(self)
        except Exception as error:
            ledger.note_error(f"journey {journey.__name__}: {sentence(error)} (in on_stop)")
            raise

    def wait_time(self: Any) -> float:
        pause_s = float(journey.wait_time(self)) if closed_loop else 0.0
        if self.is_idle:
            pause_s = max(pause_s, IDLE_PAUSE_S)
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


def _put_lean_client_on_schedule(user: Any, ledger: Ledger) -> None:
    def admit(method: str, name: str) -> Slot | None:
        return ledger.send(user, method, name) if user.on_schedule else None

    user.client.admit = admit
    user.client.answered = ledger.hold
    user.client.report = ledger.on_exchange


def _on_schedule(user: Any, ledger: Ledger) -> Callable[..., Any]:
    """Wrap the `request` of a Locust client, through which `get`, `post` and the others go."""
    send = user.client.request

    def request(method: str, url: str, name: str | None = None, **options: Any) -> Any:
        if not user.on_schedule:
            return send(method, url, name, **options)
        slot = ledger.send(user, method, name or url)
        options["context"] = {**options.get("context", {}), SLOT: slot}
        try:
            answer = send(method, url, name, **options)
        except Exception as error:
            ledger.fail(slot, error)
            raise
        ledger.hold(slot)
        return answer

    return request
