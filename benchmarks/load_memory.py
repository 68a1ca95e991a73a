"""Memory of our load process from 10^5 to 10^7 requests, as fast as it can, against nginx answering 200."""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks.load_lab import LoadLab
from benchmarks.record import Sample
from benchmarks.tools import CLIENT_CORE, need, need_two_cores, nginx
from harness.guardian import Guardian

FEW, MANY = 100_000, 10_000_000
LONGEST_S = 1000
PROFILE = f"""
arrivals = "closed"
users = 64
thresholds = ["failures == 0"]
[[stages]]
duration_s = {LONGEST_S}
"""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield the engine's resident memory after few and after many requests, and by how much it grew."""
    need("load_memory", "nginx", "taskset")
    need_two_cores("load_memory")
    with Guardian() as guardian:
        url = nginx(guardian)
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                few_mb, many_mb, run_mb = _grow(LoadLab(Path(folder), url))
            yield {
                ("ours", f"rss_mb_at_{FEW:.0e}", "MB"): few_mb,
                ("ours", "rss_mb", "MB"): many_mb,
                ("ours", "growth", "%"): (many_mb / few_mb - 1) * 100,
                ("ours", "rss_mb_of_the_run", "MB"): run_mb,
            }


def _grow(lab: LoadLab) -> tuple[float, float, float]:
    process = lab.start("memory", PROFILE, ["taskset", "-c", CLIENT_CORE])
    assert process.stdout is not None
    requests, few_mb, last_s = 0.0, 0.0, time.perf_counter()
    run = psutil.Process(process.pid)
    for line in process.stdout:
        if (progress := re.search(r"([\d.]+)/s .* s left", line)) is None:
            continue
        (engine,) = (child for child in run.children() if "loadtests.engine" in child.cmdline())
        now_s = time.perf_counter()
        requests, last_s = requests + float(progress[1]) * (now_s - last_s), now_s
        if not few_mb and requests >= FEW:
            few_mb = engine.memory_info().rss / 1e6
        if requests >= MANY:
            many_mb, run_mb = engine.memory_info().rss / 1e6, run.memory_info().rss / 1e6
            process.terminate()
            process.communicate(timeout=60)
            return few_mb, many_mb, run_mb
    raise AssertionError(f"the run ended after {requests:.0f} requests, before the {MANY} that it should make")
