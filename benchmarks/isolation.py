"""What an isolated database costs a test: a clone, one from the pool, truncating a shared one, a server each."""

import time
from collections.abc import Callable, Iterator, Mapping

import psycopg

from benchmarks.record import Sample, percentiles
from harness.command_line import DEFAULT_TARGET
from harness.database import Database, Databases, Pool
from harness.guardian import Guardian
from harness.launch import new_run_id, prepared_template
from harness.services.embedded import Embedded
from harness.services.interface import Service
from harness.target import Target

TESTS = 40
SERVERS = 3
TEST_S = 0.03  # what a test itself takes here (median of suites/integration): time in which the pool keeps up

_TRUNCATE = "TRUNCATE pipelines, admins, deployment_logs RESTART IDENTITY CASCADE"
_DIRTY = (
    "INSERT INTO admins (username, password_hash, role) SELECT 'user' || n, 'x', 'member' FROM generate_series(1, 5) n"
)


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield p50 and p95 of each way, `TESTS` databases a repeat (`SERVERS` servers)."""
    target = Target.read(DEFAULT_TARGET)
    with Guardian() as guardian:
        service = Embedded(guardian, new_run_id()).start("postgres")
        with Databases(service) as databases:
            template = prepared_template(target, guardian, databases, {}, seeded=False)
            shared = databases.clone(template)
            for _ in range(repeats):
                yield {
                    **percentiles("clone", _clones(databases, template)),
                    **percentiles("pool", _leases(service, template)),
                    **percentiles("truncate", _truncations(shared)),
                    **percentiles("server_per_test", _servers()),
                }


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _clones(databases: Databases, template: Database) -> list[float]:
    return [_timed(lambda: databases.clone(template)) for _ in range(TESTS)]


def _leases(service: Service, template: Database) -> list[float]:
    seconds = []
    with Pool(service, template) as pool:
        pool.release(pool.lease())  # the first lease waits for the pool to be filled
        time.sleep(5 * TEST_S)
        for _ in range(TESTS):
            started = time.perf_counter()
            database = pool.lease()
            seconds.append(time.perf_counter() - started)
            time.sleep(TEST_S)
            pool.release(database)
    return seconds


def _truncations(shared: Database) -> list[float]:
    seconds = []
    with psycopg.connect(shared.url, autocommit=True) as connection:
        for _ in range(TESTS):
            connection.execute(_DIRTY)
            seconds.append(_timed(lambda: connection.execute(_TRUNCATE)))
    return seconds


def _servers() -> list[float]:
    return [_timed(_server) for _ in range(SERVERS)]


def _server() -> None:
    with Guardian() as guardian:
        Embedded(guardian, new_run_id()).start("postgres")
