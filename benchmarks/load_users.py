"""A plain Locust process for `load_client`: `python -m benchmarks.load_users KIND BASE_URL rate|memory`; prints JSON.

Closed loop, no waits, statistics on: what Locust itself does for each request is part of what is measured.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import gevent
import psutil
from locust import FastHttpUser, HttpUser, User, constant, events, task
from locust.env import Environment

from benchmarks.load_rates import CONNECTIONS, MEASURED_S
from loadtests.client.user import LeanHttpUser

KINDS: dict[str, type[User]] = {"HttpUser": HttpUser, "FastHttpUser": FastHttpUser, "LeanHttpUser": LeanHttpUser}
WARM_UP_S = 1.0
FEW, MANY = 10, 1_000
PAUSE_S = 1.0
ROUNDS = 3


def main() -> None:
    """Measure one kind of user."""
    kind, base_url, what = sys.argv[1:]
    environment = Environment(
        user_classes=[_user(KINDS[kind], base_url, 0.0 if what == "rate" else PAUSE_S)], events=events
    )
    runner = environment.create_local_runner()
    found = MEASURES[what](environment, runner)
    assert environment.stats.total.num_failures == 0, dict(environment.stats.errors)
    print(json.dumps(found), flush=True)
    runner.quit()


def _rate(environment: Environment, runner: Any) -> dict[str, float]:
    """Return requests, and wall and CPU seconds for them."""
    runner.start(CONNECTIONS, spawn_rate=CONNECTIONS)
    gevent.sleep(WARM_UP_S)
    total = environment.stats.total
    before, wall_s, cpu_s = total.num_requests, time.perf_counter(), time.process_time()
    gevent.sleep(MEASURED_S)
    return {
        "requests": total.num_requests - before,
        "wall_s": time.perf_counter() - wall_s,
        "cpu_s": time.process_time() - cpu_s,
    }


def _memory(environment: Environment, runner: Any) -> dict[str, float]:
    """Return by how much each user, with its open connection, makes the process grow."""
    few = _resident_kb(environment, runner, FEW)
    return {"kb_per_user": (_resident_kb(environment, runner, MANY) - few) / (MANY - FEW)}


def _resident_kb(environment: Environment, runner: Any, users: int) -> float:
    runner.start(users, spawn_rate=MANY)
    while runner.user_count < users:
        gevent.sleep(0.1)
    stats = environment.stats  # whose `total` is another one after the start
    target = stats.total.num_requests + ROUNDS * users
    while stats.total.num_requests < target:
        gevent.sleep(0.1)
    gc.collect()
    resident: int = psutil.Process().memory_info().rss
    return resident / 1024


def _user(kind: type[User], base_url: str, pause_s: float) -> type[User]:
    class Reader(kind):  # type: ignore[valid-type, misc]
        host = base_url
        wait_time = constant(pause_s)

        @task
        def read(self) -> None:
            self.client.get("/")

    return Reader


MEASURES: dict[str, Callable[[Environment, Any], dict[str, float]]] = {"rate": _rate, "memory": _memory}

if __name__ == "__main__":
    main()
