"""How well a schedule is kept: 2,000 arrivals a second from one core, even and Poisson, against nginx."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.load_lab import LoadLab
from benchmarks.record import Sample
from benchmarks.tools import CLIENT_CORE, need, need_two_cores, nginx
from harness.guardian import Guardian
from loadtests.profile import read_profile
from loadtests.schedule import slots

RATE, SECONDS = 2000, 20
PROFILE = """
arrivals = "{arrivals}"
users = 200
thresholds = ["dropped == 0"]
[[stages]]
duration_s = 2
rate = {rate}
warm_up = true
[[stages]]
duration_s = {seconds}
rate = {rate}
"""
CASES = {"ours": "even", "ours-poisson": "poisson"}


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield how late requests were started, and the share of due requests that were started or dropped."""
    need("load_schedule", "nginx", "taskset")
    need_two_cores("load_schedule")
    with Guardian() as guardian, tempfile.TemporaryDirectory() as folder:
        lab = LoadLab(Path(folder), nginx(guardian))
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for case, arrivals in CASES.items():
                profile = PROFILE.format(arrivals=arrivals, rate=RATE, seconds=SECONDS)
                summary = lab.run(case, profile, ["taskset", "-c", CLIENT_CORE])
                generator, counted = summary.generator, summary.arrivals.started + summary.arrivals.dropped
                due = sum(slot.stage == 1 for slot in slots(read_profile(lab.profile(case)), LoadLab.SEED))
                found |= {
                    (case, "start_lag_p50_ms", "ms"): generator.start_lag_ms.p50,
                    (case, "start_lag_p99_ms", "ms"): generator.start_lag_ms.p99,
                    (case, "accounted", "%"): counted / due * 100,
                    (case, "rate", "/s"): summary.total.count / summary.seconds,
                    (case, "cpu", "%"): generator.cpu * 100,
                }
            yield found
