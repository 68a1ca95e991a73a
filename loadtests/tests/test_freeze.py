"""Coordinated omission stays out: a frozen target shows in the percentiles as arithmetic says it must."""

import signal
import time

import pytest

from harness.wait import wait_for
from loadtests.tests.conftest import Lab, Server, finished

RATE = 20
SECONDS = 12
FREEZE_S = 6.5
SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
DRAINED_MS = 250  # a busy machine may take so long to answer what has piled up; the benchmark asks for more
LEAN = """
from locust import task
from loadtests.client.user import LeanHttpUser

class Reader(LeanHttpUser):
    @task
    def read(self):
        self.client.get("/")
"""


@pytest.fixture
def frozen_s(lab: Lab, server: Server) -> float:
    """Run at a constant rate, stop the server amid it, and return for how long it was stopped."""
    stages = f"[[stages]]\nduration_s = {SECONDS}\nrate = {RATE}\n"
    lab.journey(LEAN)
    lab.profile("dropped == 0", "response p99 < 500ms", stages=stages, users=200)
    run, _line = lab.start()
    server.process.send_signal(signal.SIGSTOP)
    stopped = time.perf_counter()
    wait_for(lambda: time.perf_counter() - stopped >= FREEZE_S, what="the freeze", timeout_s=60, interval_s=0.001)
    server.process.send_signal(signal.SIGCONT)
    frozen_s = time.perf_counter() - stopped
    said = finished(run)
    assert "fail         response p99 < 500ms" in said
    assert run.returncode == 1
    return frozen_s


@pytest.mark.alone
def test_freeze_shows(lab: Lab, frozen_s: float) -> None:
    """Of a freeze f in T seconds, a share (f - x)/T of all requests takes longer than x: share p is f - (1 - p)T."""
    summary = lab.summary()
    for name, share in SHARES.items():
        expected_ms = (frozen_s - (1 - share) * SECONDS) * 1000
        observed_ms = getattr(summary.total.response_ms, name)
        assert pytest.approx(expected_ms, abs=DRAINED_MS) == observed_ms, name
    assert summary.total.service_ms.max >= frozen_s * 900
    assert (summary.arrivals.intended, summary.arrivals.dropped) == (RATE * SECONDS, 0)
    assert summary.arrivals.intended == summary.arrivals.started == summary.total.count
