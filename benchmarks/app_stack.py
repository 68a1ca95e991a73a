"""What limits, sessions, metrics, headers and logs cost: the reference app against the same routes as bare Flask."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from benchmarks.app_servers import GTHREAD, Served, stage
from benchmarks.http_loop import request, run_loop
from benchmarks.record import Sample
from harness.ports import LOOPBACK

ROWS = 100_000
CONNECTIONS = 16
DURATION_S = 3.0
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


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield the ratio of throughputs, route by route, each pair one after the other in the same run."""
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
                    rates = _rate(full, path, session), _rate(bare, path, {})
                    case = f"{name} {kind}"
                    found[case, "ratio_to_bare", ""] = rates[0] / rates[1]
                    found[case, "rps", "/s"], found[case, "bare_rps", "/s"] = rates
            yield found


def _rate(served: Served, path: str, headers: dict[str, str]) -> float:
    raw = request("GET", path, headers)
    return run_loop(served.port, lambda: raw, CONNECTIONS, DURATION_S).rate
