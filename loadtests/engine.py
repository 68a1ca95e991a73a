"""The engine: the process that imports Locust. `python -m loadtests` starts it and talks to it over its pipes.

Its stdin carries the plan, and its end means "stop": so it also ends when the run that started it was killed. Its
stdout carries messages (`loadtests.messages`); what journeys print goes to stderr.
"""

import os
import random
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import gevent
import locust
import msgspec
from gevent.event import Event
from gevent.pool import Group
from gevent.socket import wait_read
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.env import Environment
from locust.stats import stats_history
from requests import HTTPError

from harness.errors import Inconclusive, ProvingGroundError
from loadtests.journey_files import choose_journeys, load_journeys
from loadtests.locust_reports import write_locust_reports
from loadtests.messages import Go, Plan, Ready, Refused, Report, receive, send
from loadtests.openapi_journeys.users import user_classes
from loadtests.pacing import SLOT, Pacer, paced
from loadtests.recorder import Recorder
from loadtests.schedule import Dealer, shares, slots

START_TIMEOUT_S = 60.0
HEARTBEAT_S = 0.010


def main() -> None:
    """Serve one run."""
    pipe = _take_stdout()
    plan = receive(sys.stdin.buffer, msgspec.json.Decoder(Plan))
    if plan is None:
        return
    try:
        engine = Engine(plan, load_journeys(Path(plan.journeys)), pipe) if plan.journeys else None
        send(pipe, Ready())
        if (go := receive(sys.stdin.buffer, msgspec.json.Decoder(Go))) is not None:
            send(pipe, (engine or _engine_of_made(plan, go, pipe)).run(go.base_url))
    except ProvingGroundError as error:
        send(pipe, Refused(message=str(error), exit_code=error.exit_code))


def _engine_of_made(plan: Plan, go: Go, pipe: BinaryIO) -> "Engine":
    journeys = user_classes(go.made) if go.made else {}
    return Engine(msgspec.structs.replace(plan, profile=go.profile or plan.profile), journeys, pipe)


class Engine:
    """One run of a plan in this process."""

    def __init__(self, plan: Plan, journeys: dict[str, type[locust.User]], pipe: BinaryIO) -> None:
        self._plan = plan
        self._pipe = pipe
        profile = plan.profile
        self._recorder = Recorder(profile)
        self._pacer = Pacer(Dealer(slots(profile.stages), profile.journeys), self._recorder, profile.patience_s)
        self._users_ready = 0
        self._start_error = ""
        self._started = Event()
        self._interrupted = False
        self._second, self._cut_at_s, self._cpu_s = 0, 0.0, 0.0
        self._environment = Environment(
            user_classes=[
                paced(journey, self._pacer, self._recorder, self._note_ready)
                for journey in choose_journeys(profile.journeys, journeys, plan.file)
            ],
            events=locust.events,
        )
        for journey in self._environment.user_classes:
            journey.fixed_count = shares(profile.users, profile.journeys)[journey.__name__]

    def run(self, base_url: str) -> Report:
        """Start the users, walk the schedule, wait for the last answers, and return what was measured.

        Raises:
            Inconclusive: a journey could not start; says why.

        """
        random.seed(self._plan.seed)  # Locust picks tasks with the global generator
        environment = self._environment
        environment.host = base_url
        runner = environment.create_local_runner()
        environment.events.request.add_listener(self._on_request)  # type: ignore[no-untyped-call]
        environment.events.user_error.add_listener(self._on_user_error)  # type: ignore[no-untyped-call]
        company = Group()
        company.spawn(self._watch_stdin)
        company.spawn(stats_history, runner)
        try:
            self._start_users(runner)
            self._cpu_s = time.process_time()
            self._pacer.open()
            company.spawn(self._tick)
            company.spawn(self._heartbeat)
            self._await_end(runner)
        finally:
            company.kill()
            ended_s = self._pacer.now_s()
            runner.quit()
        self._recorder.settle(ended_s)
        self._send_second()
        write_locust_reports(environment, Path(self._plan.results), self._plan.output)
        return self._recorder.report(self._end_of_schedule(ended_s), interrupted=self._interrupted)

    def _start_users(self, runner: Any) -> None:
        users = self._plan.profile.users
        runner.start(users, spawn_rate=users)
        started = self._started.wait(START_TIMEOUT_S)
        if self._start_error:
            raise Inconclusive(self._start_error)
        if not started:
            raise Inconclusive(
                f"only {self._users_ready} of {users} users were ready after {START_TIMEOUT_S:g} s; look at on_start"
            )

    def _await_end(self, runner: Any) -> None:
        """Wait until all users have ended; those that hang in a request only for as long as the profile's patience."""
        profile = self._plan.profile
        users = gevent.spawn(runner.user_greenlets.join)
        gevent.wait([users, self._pacer.closed], timeout=profile.duration_s + profile.patience_s, count=1)
        self._pacer.close(self._end_of_schedule(self._pacer.now_s()))
        users.join(timeout=profile.patience_s)  # for their on_stop; after an interruption, for answers too
        users.kill()

    def _end_of_schedule(self, now_s: float) -> float:
        """Return until when requests were intended: the plan's end, or now when interrupted."""
        return min(now_s, self._plan.profile.duration_s) if self._interrupted else self._plan.profile.duration_s

    def _note_ready(self) -> None:
        self._users_ready += 1
        if self._users_ready == self._plan.profile.users:
            self._started.set()

    def _on_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        exception: BaseException | None,
        context: dict[str, Any],
        response: Any = None,
        **_more: Any,
    ) -> None:
        slot = context.get(SLOT)
        endpoint = f"{request_type} {name}"
        if slot is None:
            if exception is not None:
                self._recorder.note_error(f"{endpoint} (outside the schedule): {_sentence(exception)}")
            return
        error = None if exception is None else _sentence(exception)
        status = getattr(response, "status_code", 0)
        if isinstance(exception, LocustBadStatusCode | HTTPError):
            error = f"answered {status}"  # their own text has the URL in it: another for each object
        self._recorder.finish(slot, response_time / 1000, endpoint, error, answered=bool(status))

    def _on_user_error(self, user_instance: Any, exception: BaseException, **_more: Any) -> None:
        journey = type(getattr(user_instance, "user", user_instance)).__name__
        sentence = f"journey {journey}: {_sentence(exception)}"
        if self._started.is_set():
            self._recorder.note_error(sentence)
            return
        self._start_error = f"{sentence} (in on_start, before any load)"
        self._started.set()

    def _watch_stdin(self) -> None:
        """End early when whoever started this process closes the pipe, or is gone."""
        wait_read(sys.stdin.fileno())
        self._interrupted = True
        self._start_error = self._start_error or "interrupted before any load"
        self._started.set()
        self._pacer.closed.set()

    def _tick(self) -> None:
        """Report each second, on the second."""
        while True:
            gevent.sleep(max(0.0, self._second + 1 - self._pacer.now_s()))
            self._send_second()

    def _send_second(self) -> None:
        used, self._cpu_s = time.process_time() - self._cpu_s, time.process_time()
        lasted_s, self._cut_at_s = self._pacer.now_s() - self._cut_at_s, self._pacer.now_s()
        send(self._pipe, self._recorder.cut_second(self._second, used / max(lasted_s, 1e-9)))
        self._second += 1

    def _heartbeat(self) -> None:
        """Measure how late this process wakes up, also while every user is busy."""
        while True:
            asked = time.perf_counter() + HEARTBEAT_S
            gevent.sleep(HEARTBEAT_S)
            self._recorder.note_lag(max(0.0, time.perf_counter() - asked), self._pacer.now_s())


def _sentence(error: BaseException) -> str:
    """Return an error as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _take_stdout() -> BinaryIO:
    """Return the real stdout, for messages; from now on prints go to stderr."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


if __name__ == "__main__":
    main()
