"""What limits, sessions, metrics, headers and logs cost: the reference app against the same routes as bare Flask.

Gunicorn's workers share a listening socket, and which of them takes how many of the connections is chance (from 8:8
to 16:0), which alone can halve a rate. So each figure is the median of short rounds, every one with connections of
its own, in which both sides take turns at going first.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import psutil

from benchmarks.app_servers import GTHREAD, Served, stage
from benchmarks.http_loop import request, run_loop
from benchmarks.record import Sample
from harness.ports import LOOPBACK

ROWS = 100_000
CONNECTIONS = 16
ROUNDS = 7
ROUND_S = 0.8
ROUTES = {
    "read": "/api/pipelines/500",
    "list": "/api/pipelines",
    "statistics": "/api/pipelines/statistics",
}
BARE = (
    *("-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
    *("--bind", f"{LOOPBACK}:{{port}}", "benchmarks.bare_app:app"),
)
CACHE = {
    "cached": ({"CACHE_TYPE": "redis"}, {"BARE_CACHE": "yes"}),
    "uncached": ({"CACHE_TYPE": "null"}, {"BARE_CACHE": "no"}),
}


@dataclass(frozen=True)
class Round:
    """Requests per second, and what the server's processes spent on each: microseconds of user and system time."""

    rate: float
    cpu_us: float


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield route by route the ratio of throughputs, and the figures that it comes from."""
    with ExitStack() as stack:
        scene, databases = stack.enter_context(stage())
        environment = scene.environment(databases, ROWS)
        pairs = {
            kind: (
                scene.serve(GTHREAD, environment | full),
                scene.serve(BARE, environment | bare, ready="/api/pipelines"),
            )
            for kind, (full, bare) in CACHE.items()
        }
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for kind, (full, bare) in pairs.items():
                session = full.login()
                for name, path in ROUTES.items():
                    rounds = _compare(full, request("GET", path, session), bare, request("GET", path))
                    found |= _figures(f"{name} {kind}", *rounds)
            yield found


def _compare(full: Served, to_full: bytes, bare: Served, to_bare: bytes) -> tuple[list[Round], list[Round]]:
    """Return the rounds of both sides, in pairs that ran one after the other."""
    sides = [(full, to_full), (bare, to_bare)]
    rounds: dict[Served, list[Round]] = {full: [], bare: []}
    for _ in range(ROUNDS):
        for served, raw in sides:
            rounds[served].append(_round(served, lambda raw=raw: raw))  # type: ignore[misc]
        sides.reverse()
    return rounds[full], rounds[bare]


def _round(served: Served, make: Callable[[], bytes]) -> Round:
    before_s = _cpu_s(served)
    loop = run_loop(served.port, make, CONNECTIONS, ROUND_S)
    return Round(loop.rate, (_cpu_s(served) - before_s) / len(loop.latencies_s) * 1e6)


def _cpu_s(served: Served) -> float:
    workers = psutil.Process(served.process.pid).children(recursive=True)
    return sum(times.user + times.system for times in (worker.cpu_times() for worker in workers))


def _figures(case: str, full: list[Round], bare: list[Round]) -> dict[Sample, float]:
    pairs = zip(full, bare, strict=True)
    return {
        (case, "ratio_to_bare", ""): statistics.median(one.rate / other.rate for one, other in pairs),
        (case, "rps", "/s"): statistics.median(each.rate for each in full),
        (case, "bare_rps", "/s"): statistics.median(each.rate for each in bare),
        (case, "cpu_us", "us"): statistics.median(each.cpu_us for each in full),
        (case, "bare_cpu_us", "us"): statistics.median(each.cpu_us for each in bare),
    }
