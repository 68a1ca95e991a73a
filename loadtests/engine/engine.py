"""One engine: the users of one plan in this process, on the schedule, and what they measure. Imports Locust."""

import random
from functools import partial
from typing import Any, Self

import gevent
import locust
from gevent.event import Event
from gevent.pool import Group
from locust.env import Environment
from locust.stats import stats_history

from harness.errors import Inconclusive
from loadtests.engine.journey_files import choose_journeys
from loadtests.engine.locust_pages import FilledStats
from loadtests.engine.pacing import Clock, ClosedPacer, OpenPacer, Pacer
from loadtests.engine.recorder import Recorder
from loadtests.engine.scheduled_users import Ledger, scheduled, sentence
from loadtests.engine.strain import Strain, beat
from loadtests.engine.web_page import show_page
from loadtests.messages import Ended, Plan, Send
from loadtests.schedule import shares, slots, users_of

START_TIMEOUT_S = 60.0


class Engine:
    """One run of a plan in this process; a context manager, which ends what it started."""

    def __init__(self, plan: Plan, journeys: dict[str, type[locust.User]], stopped: Event, tell: Send) -> None:
        profile = plan.profile
        self._plan = plan
        self._tell = tell
        self._stopped = stopped
        self._ended_on_page = Event()
        self._clock = Clock()
        self._recorder = Recorder(profile)
        self._strain = Strain()
        self._pacer = self._make_pacer()
        self._users = users_of(plan.shard, profile.users)
        self._users_ready = 0
        self._start_error = ""
        self._started = Event()
        self._second = 0
        self._company = Group()
        self._stats = FilledStats()
        self._environment = self._make_environment(choose_journeys(profile.journeys, journeys, plan.file))
        self._runner: Any = None

    def _make_pacer(self) -> Pacer:
        profile = self._plan.profile
        if not profile.is_open:
            return ClosedPacer(profile, self._clock)
        return OpenPacer(slots(profile, self._plan.seed, self._plan.shard), profile, self._recorder, self._clock)

    def _make_environment(self, journeys: list[type[locust.User]]) -> Environment:
        ledger = Ledger(self._pacer, self._recorder, self._clock)
        counts = shares(self._users, self._plan.profile.journeys)
        closed_loop = not self._plan.profile.is_open
        users = []
        for journey in journeys:
            count = counts[journey.__name__]
            user = scheduled(journey, ledger, self._clock, count, self._note_ready, closed_loop=closed_loop)
            user.fixed_count = count
            users.append(user)
        environment = Environment(user_classes=users, events=locust.events)
        environment.stats = self._stats
        environment.events.request.add_listener(ledger.on_request)
        environment.events.user_error.add_listener(self._on_user_error)
        return environment

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._company.kill()
        if self._runner is not None:
            self._runner.quit()

    def start_users(self, base_url: str) -> None:
        """Start every user and wait until each has done its `on_start`.

        Raises:
            Inconclusive: a journey could not start; says why.

        """
        random.seed(self._plan.seed + self._plan.shard.number)  # Locust picks tasks with the global generator
        self._environment.host = base_url
        self._runner = self._environment.create_local_runner()
        if self._plan.page is not None:
            show_page(self._environment, self._plan.page, self._ended_on_page.set)
            self._company.spawn(stats_history, self._runner)
        self._runner.start(self._users, spawn_rate=self._users)
        gevent.wait([self._started, self._stopped, self._ended_on_page], timeout=START_TIMEOUT_S, count=1)
        if self._start_error:
            raise Inconclusive(self._start_error)
        if not self._started.is_set():
            why = "interrupted before any load" if self._is_cut_short else "look at on_start"
            raise Inconclusive(
                f"only {self._users_ready} of {self._users} users were ready after {START_TIMEOUT_S:g} s; {why}"
            )

    def run(self) -> Ended:
        """Walk the schedule, wait for the last answers, tell each second, and return how it ended."""
        self._strain.begin()
        self._clock.open()
        for work in (self._pacer.walk, self._tick, partial(beat, self._recorder)):
            self._company.spawn(work)
        try:
            self._await_end()
        finally:
            self._company.kill()
            ended_s = self._clock.now_s()
            self._runner.quit()
            self._strain.end()
        self._recorder.settle(ended_s)
        self._tell_second()
        return Ended(
            ended_s=max(self._end_of_schedule(ended_s), self._recorder.last_outcome_s),
            interrupted=self._is_cut_short,
        )

    def hold(self) -> None:
        """Keep the web page, if there is one, until the run says stop."""
        if self._plan.page is not None:
            self._stopped.wait()

    def _await_end(self) -> None:
        """Wait until all users have ended; those that hang in a request only for as long as the profile's patience."""
        profile = self._plan.profile
        users = gevent.spawn(self._runner.user_greenlets.join)
        ends = [users, self._stopped, self._ended_on_page]
        gevent.wait(ends, timeout=profile.duration_s + profile.patience_s, count=1)
        self._pacer.close(self._end_of_schedule(self._clock.now_s()))
        users.join(timeout=profile.patience_s)  # for their on_stop; after an interruption, for answers too
        users.kill()

    def _end_of_schedule(self, now_s: float) -> float:
        """Return until when requests were intended: the plan's end, or now when interrupted."""
        duration_s = self._plan.profile.duration_s
        return min(now_s, duration_s) if self._is_cut_short else duration_s

    @property
    def _is_cut_short(self) -> bool:
        return any(event.is_set() for event in (self._stopped, self._ended_on_page))

    def _note_ready(self) -> None:
        self._users_ready += 1
        if self._users_ready == self._users:
            self._started.set()

    def _on_user_error(self, user_instance: Any, exception: BaseException, **_more: Any) -> None:
        journey = type(getattr(user_instance, "user", user_instance)).__name__
        told = f"journey {journey}: {sentence(exception)}"
        if self._started.is_set():
            self._recorder.note_error(told)
            return
        self._start_error = f"{told} (in on_start, before any load)"
        self._started.set()

    def _tick(self) -> None:
        """Tell each second, on the second."""
        while True:
            gevent.sleep(max(0.0, self._second + 1 - self._clock.now_s()))
            self._tell_second()

    def _tell_second(self) -> None:
        profile = self._plan.profile
        cpu, gc_s = self._strain.cut()
        warm_up = profile.stages[profile.stage_at(self._second)].warm_up
        told = self._recorder.cut_second(self._second, warm_up=warm_up, cpu=cpu, gc_s=gc_s)
        if self._plan.page is not None:
            self._stats.fill(told)
        self._tell(told)
        self._second += 1
