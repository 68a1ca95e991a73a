"""Requests per second of one core against nginx answering 200: Locust's users, ours, hey and wrk; memory per user.

nginx has core 1, each client core 0, with as many connections. `ours` is the whole load command in a closed loop, its
accounting on; `ours_events` is only our client in plain Locust, which gets its event for each request. `cpu_us` is
what one request costs the client in CPU time: it says the same as the rate where nothing else runs, and says it still
where something does.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.load_lab import LoadLab
from benchmarks.load_rates import CONNECTIONS, MEASURED_S
from benchmarks.record import Sample
from benchmarks.tools import CLIENT_CORE, need, need_two_cores, nginx, number
from harness.command_line import PROJECT
from harness.guardian import Guardian

USERS = {"HttpUser": "HttpUser", "FastHttpUser": "FastHttpUser", "ours_events": "LeanHttpUser"}
TIMEOUT_S = 300.0
PINNED = ("taskset", "-c", CLIENT_CORE)
PROFILE = f"""
arrivals = "closed"
users = {CONNECTIONS}
thresholds = ["failures == 0"]
[[stages]]
duration_s = 1
warm_up = true
[[stages]]
duration_s = {MEASURED_S:g}
"""


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield the rate, the CPU time of a request and the memory of a user."""
    need("load_client", "nginx", "taskset", "hey", "wrk")
    need_two_cores("load_client")
    with Guardian() as guardian:
        url = nginx(guardian)
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for case, kind in USERS.items():
                rate = _locust(kind, url, "rate")
                found |= _samples(case, rate["requests"], rate["wall_s"], rate["cpu_s"])
            for name, run in CLIENTS.items():
                found |= _samples(name, *run(url))
            found |= _ratios(found)
            for case, kind in USERS.items():
                found[case, "kb_per_user", "KB"] = _locust(kind, url, "memory")["kb_per_user"]
            yield found


def _ratios(found: Mapping[Sample, float]) -> dict[Sample, float]:
    """Return how many times as quick as others ours was in the same repeat."""
    ours = found["ours", "rps_per_core", "/s"]
    others = ("FastHttpUser", "hey")
    return {("ours", f"ratio_to_{other}", ""): ours / found[other, "rps_per_core", "/s"] for other in others}


def _ours(url: str) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        summary = LoadLab(Path(folder), url).run("closed", PROFILE, PINNED)
    return summary.total.count, summary.seconds, summary.generator.cpu * summary.seconds


def _samples(case: str, requests: float, wall_s: float, cpu_s: float) -> dict[Sample, float]:
    return {(case, "rps_per_core", "/s"): requests / wall_s, (case, "cpu_us", "us"): cpu_s / requests * 1e6}


def _locust(kind: str, url: str, what: str) -> dict[str, float]:
    output, _ = _run(sys.executable, "-m", "benchmarks.load_users", kind, url, what)
    found: dict[str, float] = json.loads(output)
    return found


def _hey(url: str) -> tuple[float, float, float]:
    output, cpu_s = _run("hey", "-z", f"{MEASURED_S:g}s", "-c", str(CONNECTIONS), "-cpus", "1", url)
    return number(r"\[200\]\s+(\d+) responses", output), number(r"Total:\s+([\d.]+) secs", output), cpu_s


def _wrk(url: str) -> tuple[float, float, float]:
    output, cpu_s = _run("wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{MEASURED_S:g}s", url)
    assert "Non-2xx" not in output, output
    requests = number(r"(\d+) requests in", output)
    return requests, requests / number(r"Requests/sec:\s+([\d.]+)", output), cpu_s


CLIENTS: Mapping[str, Callable[[str], tuple[float, float, float]]] = {"ours": _ours, "hey": _hey, "wrk": _wrk}


def _run(*argv: str) -> tuple[str, float]:
    """Run a client on its core; return what it printed, and the CPU seconds that it took."""
    before = os.times()
    done = subprocess.run(
        [*PINNED, *argv],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = os.times()
    return done.stdout, after.children_user + after.children_system - before.children_user - before.children_system
