"""The cache: an answer is never staler than promised, by a clock that the test moves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest
from hypothesis import settings as trials
from hypothesis.stateful import run_state_machine_as_test
from pydantic import SecretStr

from harness.ports import LOOPBACK, free_port
from reference_app.breaker import Breaker
from reference_app.cache.invalidation import Invalidation
from reference_app.cache.read_through import ReadThroughCache
from reference_app.cache.redis import RedisStore
from reference_app.cache.simple import SimpleStore
from reference_app.cache.store import Store
from reference_app.database import Database
from reference_app.metrics import Metrics
from reference_app.models import Admin, Role
from reference_app.redis_gate import RedisGate, RedisPool
from reference_app.settings import Settings
from suites.patience import PATIENT
from suites.properties.cache_machine import TIMES, CacheMachine, Process
from suites.unit.reference_app.still_clock import StillClock

MakeProcess = Callable[[Store, frozenset[int]], Process]


@pytest.fixture
def clock() -> StillClock:
    """Return the clock of all processes."""
    return StillClock()


@pytest.fixture
def make_process(settings: Settings, clock: StillClock) -> Iterator[MakeProcess]:
    """Yield what makes a process with its own connections to Postgres."""
    with ExitStack() as stack:

        def make(store: Store, heard_by: frozenset[int]) -> Process:
            database = Database(settings, Metrics())
            stack.callback(database.engine.dispose)
            cache = ReadThroughCache(store, TIMES, Metrics(), now_s=clock)
            Invalidation(cache).watch(database.sessions)
            return Process(database, cache, heard_by)

        yield make


def run(processes: Sequence[Process], clock: StillClock) -> None:
    with processes[0].database.transaction() as session:
        session.add(owner := Admin(username="owner", password_hash="-", role=Role.MEMBER))
    run_state_machine_as_test(
        lambda: CacheMachine(processes, clock, owner.id),
        settings=trials(PATIENT, max_examples=30, stateful_step_count=25),
    )


@pytest.mark.timeout(420)
def test_redis(settings: Settings, make_process: MakeProcess, clock: StillClock) -> None:
    """In processes that share Redis nothing fresh misses a write, but those of a process that Redis does not hear."""
    unreachable = settings.model_copy(update={"redis_url": SecretStr(f"redis://{LOOPBACK}:{free_port()}/0")})
    with ExitStack() as stack:
        stores = []
        for reachable in (settings, settings, unreachable):
            pool = RedisPool(reachable)
            stack.callback(pool.close)
            gate = RedisGate(pool.client, Breaker(settings.redis_retry_s), lambda: None)
            stores.append(RedisStore(gate, "cache:"))
        heard = [frozenset({0, 1}), frozenset({0, 1}), frozenset[int]()]
        run([make_process(*each) for each in zip(stores, heard, strict=True)], clock)


@pytest.mark.timeout(420)
def test_simple(make_process: MakeProcess, clock: StillClock) -> None:
    """In processes that share nothing each hears of its own writes at once, and of the others' after 30 s at most."""
    run([make_process(SimpleStore(), frozenset({place})) for place in range(3)], clock)
