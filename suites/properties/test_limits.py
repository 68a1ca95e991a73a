"""Limits: however many processes count, no more gets through than is stated."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis import Redis

from reference_app.backend import Backend
from reference_app.breaker import Breaker
from reference_app.limit_storage import KEY_PREFIX, LimitStorage, Window
from reference_app.metrics import Metrics
from reference_app.models import Role
from reference_app.redis_gate import RedisGate, RedisPool
from reference_app.services.principal import Origin
from reference_app.settings import Settings
from suites.integration.reference_app.server import Server
from suites.patience import PATIENT
from suites.properties.http_client import ask_once

MOST_AT_ONCE = 4
WINDOWS = {
    route: [Window(f"{route}:hour", 3, 3600), Window(f"{route}:day", 5, 86_400)] for route in ("a list", "a pipeline")
}
LIMIT = 5
_numbers = count(1)


@pytest.fixture
def storages(settings: Settings) -> Iterator[Sequence[LimitStorage]]:
    """Yield what three processes count with."""
    with ExitStack() as stack:
        pools = [RedisPool(settings) for _ in range(3)]
        for pool in pools:
            stack.callback(pool.close)
        gates = [RedisGate(pool.client, Breaker(settings.redis_retry_s), lambda: None) for pool in pools]
        yield [LimitStorage(gate=gate, metrics=Metrics()) for gate in gates]


class LimitMachine(RuleBasedStateMachine):
    """In each window as many requests pass as its limit says, and never more; who is refused counts nowhere."""

    def __init__(self, storages: Sequence[LimitStorage], redis: Redis, threads: ThreadPoolExecutor) -> None:
        super().__init__()
        self.storages = storages
        self.redis = redis
        self.threads = threads
        self.passed: Counter[str] = Counter()
        redis.flushdb()

    @rule(
        route=st.sampled_from(sorted(WINDOWS)),
        places=st.lists(st.integers(0, 2), min_size=1, max_size=MOST_AT_ONCE),
    )
    def come(self, route: str, places: Sequence[int]) -> None:
        """Let requests come at once, each to some process."""
        windows, together = WINDOWS[route], Barrier(len(places))

        def passes(place: int) -> bool:
            together.wait(120)
            counted = self.storages[place].hit(windows)
            return all(each.number <= window.most for each, window in zip(counted, windows, strict=True))

        passed = sum(self.threads.map(passes, places))
        assert passed == min(len(places), *(window.most - self.passed[window.key] for window in windows))
        self.passed.update({window.key: passed for window in windows})

    @rule(window=st.sampled_from([window for windows in WINDOWS.values() for window in windows]))
    def end_window(self, window: Window) -> None:
        """Let a window end, as Redis does when its time has come."""
        self.redis.delete(KEY_PREFIX + window.key)
        self.passed[window.key] = 0

    @invariant()
    def counts_agree(self) -> None:
        """Every process knows how many have passed, and each window that was counted in is going to end."""
        for windows in WINDOWS.values():
            for window in windows:
                assert {self.passed[window.key]} == {storage.get(window.key) for storage in self.storages}
                assert self.redis.ttl(KEY_PREFIX + window.key) != -1


@pytest.mark.timeout(420)
def test_counts_of_three_processes(storages: Sequence[LimitStorage], settings: Settings) -> None:
    """However requests of three processes mix, and windows end, each window lets through what its limit says."""
    url = settings.redis_url.get_secret_value()
    with Redis.from_url(url) as redis, ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        run_state_machine_as_test(
            lambda: LimitMachine(storages, redis, threads),
            settings=trials(PATIENT, max_examples=40, stateful_step_count=15),
        )


@pytest.mark.timeout(420)
def test_gunicorn_lets_no_more_through(serve: Callable[..., Server], backend: Backend) -> None:
    """Of requests that come to two worker processes at once, as many are answered as the limit says, and no more."""
    server = serve(WEB_CONCURRENCY="2", RATELIMIT_DEFAULT=f"{LIMIT} per hour")

    @trials(PATIENT, max_examples=15)
    @given(requests=st.lists(st.integers(1, 3), min_size=1, max_size=6))
    def check(requests: Sequence[int]) -> None:
        token, together = new_user(backend), Barrier(len(requests))

        def ask(times: int) -> list[int]:
            together.wait(120)
            return [ask_once(server.port, token, "/api/auth/me").status for _ in range(times)]

        with ThreadPoolExecutor(len(requests)) as threads:
            statuses = Counter(status for some in threads.map(ask, requests) for status in some)
        passed = min(sum(requests), LIMIT)
        assert statuses == +Counter({200: passed, 429: sum(requests) - passed})

    check()


def new_user(backend: Backend) -> str:
    """Return the token of a user who has asked for nothing yet."""
    with backend.work() as work:
        account = work.accounts.create(f"user-{next(_numbers)}", "a long enough password", Role.MEMBER)
        return backend.shared.sessions.start(account, Origin(), "").token
