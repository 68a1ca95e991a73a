"""Which production server: HttpArena's CRUD mix on gunicorn (sync, gthread) and granian, with one and two workers."""

from collections.abc import Iterator, Mapping

import psutil

from benchmarks.app_requests import Requests
from benchmarks.app_servers import Served, stage
from benchmarks.http_loop import run_loop
from benchmarks.record import Sample
from harness.ports import LOOPBACK

ROWS = 100_000
HOT = 1_000
"""Rows that are read and updated: those which the cache may hold."""
CONNECTIONS = 16
DURATION_S = 5.0
WORKERS = (1, 2)
GUNICORN = ("-m", "gunicorn", "--config", "python:reference_app.gunicorn_conf", "--bind", f"{LOOPBACK}:{{port}}")
GRANIAN = ("-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", "{port}", "--no-ws")
SERVERS: Mapping[str, tuple[str, ...]] = {
    "gunicorn_sync": (*GUNICORN, "--worker-class", "sync", "--threads", "1", "--workers"),
    "gunicorn_gthread": (*GUNICORN, "--worker-class", "gthread", "--workers"),
    "granian": (*GRANIAN, "--blocking-threads", "4", "--backpressure", "64", "reference_app.wsgi:app", "--workers"),
}
"""Each command lacks its last word, the number of workers."""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield requests per second, p99 and the memory of a worker; every server has the same database, one at a time."""
    with stage() as (scene, databases):
        environment = scene.environment(databases, ROWS)
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for workers in WORKERS:
                for name, argv in SERVERS.items():
                    served = scene.serve((*argv, str(workers)), environment)
                    found |= _measured(f"{name}-{workers}", served)
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


def _worker_mb(pid: int) -> float:
    """Return the resident memory of the largest worker."""
    workers = psutil.Process(pid).children(recursive=True)
    return max(worker.memory_info().rss for worker in workers) / 2**20
