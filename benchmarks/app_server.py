"""Which production server: HttpArena's CRUD mix on gunicorn (sync, gthread) and granian, one and two workers.

Quick is not enough: `silent_s` is how long others wait while as many clients as there are threads have begun a request
and fallen silent, `streams_s` the same beside as many event streams as the app has at once. A server on which they wait
for good can be stopped by a handful of connections, or by ordinary use, and does not compete.
"""

from collections.abc import Iterator, Mapping

import psutil

from benchmarks.app_requests import Requests
from benchmarks.app_servers import GTHREAD, Served, stage
from benchmarks.http_loop import run_loop
from benchmarks.occupied_server import SILENT, following, wait_beside
from benchmarks.record import Sample
from harness.ports import LOOPBACK

ROWS = 100_000
HOT = 1_000
"""Rows that are read and updated: those which the cache may hold."""
CONNECTIONS = 16
DURATION_S = 5.0
WORKERS = (1, 2)
THREADS = 4
STREAMS = 2
"""Of each worker: what the app allows by default."""
FOR_GOOD_S = 20.0
"""Who waits so long waits for good: `gunicorn_conf` gives a silent client 5 s, and there may be two for a thread."""
GRANIAN = (
    *("-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", "{port}", "--no-ws"),
    *("--blocking-threads", str(THREADS), "--backpressure", "64", "reference_app.wsgi:app"),
)
SERVERS: Mapping[str, tuple[str, ...]] = {
    "gunicorn_sync": (*GTHREAD, "--worker-class", "sync", "--threads", "1", "--workers"),
    "gunicorn_gthread": (*GTHREAD, "--threads", str(THREADS), "--workers"),
    "granian": (*GRANIAN, "--workers"),
}
"""Each command lacks its last word, the number of workers."""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield speed, memory and waits; every server has the same database, one at a time."""
    with stage() as (scene, databases):
        environment = scene.environment(databases, ROWS) | {"STREAM_LONGEST_S": str(3 * FOR_GOOD_S)}
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for workers in WORKERS:
                for name, argv in SERVERS.items():
                    served = scene.serve((*argv, str(workers)), environment)
                    found |= _measured(f"{name}-{workers}", served)
                    found |= _occupied(f"{name}-{workers}", served, workers, 1 if name == "gunicorn_sync" else THREADS)
                    served.process.stop()
            yield found


def _measured(case: str, served: Served) -> dict[Sample, float]:
    make = Requests(served.login(), ROWS).mixed(HOT)
    run_loop(served.port, make, CONNECTIONS, duration_s=1.0)  # fills caches and pools
    loop = run_loop(served.port, make, CONNECTIONS, DURATION_S)
    return {
        (case, "rps", "/s"): loop.rate,
        (case, "p99_ms", "ms"): loop.percentile_ms(99),
        (case, "rss_mb", "MB"): _worker_mb(served.process.pid),
    }


def _occupied(case: str, served: Served, workers: int, threads: int) -> dict[Sample, float]:
    stream = following(served.login())
    return {
        (case, "silent_s", "s"): wait_beside(served.port, SILENT, workers * threads, FOR_GOOD_S),
        (case, "streams_s", "s"): wait_beside(served.port, stream, workers * STREAMS, FOR_GOOD_S),
    }


def _worker_mb(pid: int) -> float:
    """Return the resident memory of the largest worker."""
    workers = psutil.Process(pid).children(recursive=True)
    return max(worker.memory_info().rss for worker in workers) / 2**20
