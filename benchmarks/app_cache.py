"""What the cache gains: statistics over a million pipelines, cached and not, and one look-up in Redis."""

import time
from collections.abc import Iterator, Mapping, Sequence

from redis import Redis

from benchmarks.app_requests import Requests
from benchmarks.app_servers import GTHREAD, stage
from benchmarks.http_loop import Loop, run_loop
from benchmarks.record import Sample

ROWS = 1_000_000
DURATION_S = 5.0
LOOKUPS = 5_000
VALUE = "x" * 1_000
"""About as much as cached statistics."""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield p50 and p99 of both ways over one connection, then of a bare GET in Redis."""
    with stage() as (scene, databases):
        environment = scene.environment(databases, ROWS)
        served = {
            "cached": scene.serve(GTHREAD, environment | {"CACHE_TYPE": "redis"}),
            "uncached": scene.serve(GTHREAD, environment | {"CACHE_TYPE": "null"}),
        }
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for case, server in served.items():
                requests = Requests(server.login(), ROWS)
                run_loop(server.port, requests.statistics, connections=1, duration_s=0.5)  # fills the cache
                found |= _percentiles(case, run_loop(server.port, requests.statistics, 1, DURATION_S))
            found |= _percentiles("redis_lookup", _lookups(environment["REDIS_URL"]))
            yield found | {
                ("gain", "p50_ratio", "x"): found["uncached", "p50_ms", "ms"] / found["cached", "p50_ms", "ms"]
            }


def _percentiles(case: str, loop: Loop) -> dict[Sample, float]:
    return {(case, f"p{percent}_ms", "ms"): loop.percentile_ms(percent) for percent in (50, 99)}


def _lookups(redis_url: str) -> Loop:
    client = Redis.from_url(redis_url, decode_responses=True)
    client.set("benchmark", VALUE)
    latencies_s: Sequence[float] = [_timed_s(client) for _ in range(LOOKUPS)]
    client.delete("benchmark")
    client.close()
    return Loop(sum(latencies_s), list(latencies_s))


def _timed_s(client: Redis) -> float:
    started_s = time.perf_counter()
    assert client.get("benchmark") == VALUE
    return time.perf_counter() - started_s
