"""Coordinated omission stays out: a frozen target shows in the percentiles as arithmetic says it must."""

import signal
import time
from typing import NamedTuple

import pytest

from harness.wait import wait_for
from loadtests.tests.conftest import Lab, Server, finished

RATE = 20
SECONDS = 12
FREEZE_S = 6.5
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
ROUNDED_MS = 2 * 1000 / RATE  # requests are this grid's
BUSY_MS = 3000  # a machine that pauses adds so much at most; what a quiet one adds is the benchmark's, load_freeze
LEAN = """
from locust import task
from loadtests.client.user import LeanHttpUser

class Reader(LeanHttpUser):
    @task
    def read(self):
        self.client.get("/")
"""


class Freeze(NamedTuple):
    """Between which two times a server was stopped: how long it surely was, and how long it can have been."""

    least_s: float
    most_s: float


@pytest.fixture
def freeze(lab: Lab, server: Server) -> Freeze:
    """Run at a constant rate, stop the server amid it, and return for how long it was stopped."""
    stages = f"[[stages]]\nduration_s = {SECONDS}\nrate = {RATE}\n"
    lab.journey(LEAN)
    lab.profile("dropped == 0", "response p99 < 5s", stages=stages, users=200)
    run, _line = lab.start()
    before = time.perf_counter()
    server.process.send_signal(signal.SIGSTOP)
    stopped = time.perf_counter()
    wait_for(lambda: time.perf_counter() - stopped >= FREEZE_S, what="the freeze", timeout_s=60, interval_s=0.001)
    least_s = time.perf_counter() - stopped
    server.process.send_signal(signal.SIGCONT)
    most_s = time.perf_counter() - before
    said = finished(run)
    assert "fail         response p99 < 5s" in said
    assert run.returncode == 1, said
    return Freeze(least_s, most_s)


@pytest.mark.alone
def test_freeze_shows(lab: Lab, freeze: Freeze) -> None:
    """Of a freeze f in T seconds, a share (f - x)/T of all requests takes longer than x: share p is f - (1 - p)T."""
    summary = lab.summary()
    for name, share in SHARES.items():
        least_ms, most_ms = ((frozen_s - (1 - share) * SECONDS) * 1000 for frozen_s in freeze)
        observed_ms = getattr(summary.total.response_ms, name)
        assert least_ms - ROUNDED_MS <= observed_ms <= most_ms + BUSY_MS, name
    assert summary.total.service_ms.max >= freeze.least_s * 1000 - ROUNDED_MS
    assert (summary.arrivals.intended, summary.arrivals.dropped) == (RATE * SECONDS, 0)
    assert summary.arrivals.intended == summary.arrivals.started == summary.total.count
