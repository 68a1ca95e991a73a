"""Coordinated omission stays out: a frozen target shows in the percentiles as arithmetic says it must."""

import signal
import time

import pytest

from harness.wait import wait_for
from loadtests.tests.conftest import Lab, Server

RATE = 200
SECONDS = 6
FREEZE_S = 1.0


@pytest.fixture
def frozen_s(lab: Lab, server: Server) -> float:
    """Run at a constant rate, stop the server amid it, and return for how long it was stopped."""
    stages = f"[[stages]]\nduration_s = {SECONDS}\nrate = {RATE}\n"
    lab.profile("dropped == 0", "response p99 < 500ms", stages=stages, users=300)
    run = lab.start()
    server.process.send_signal(signal.SIGSTOP)
    stopped = time.perf_counter()
    wait_for(lambda: time.perf_counter() - stopped >= FREEZE_S, what="the freeze", timeout_s=10, interval_s=0.001)
    server.process.send_signal(signal.SIGCONT)
    frozen_s = time.perf_counter() - stopped
    said, _errors = run.communicate(timeout=60)
    assert "fail         response p99 < 500ms" in said
    assert run.returncode == 1
    return frozen_s


@pytest.mark.alone
def test_freeze_shows(lab: Lab, frozen_s: float) -> None:
    """Of a freeze f in T seconds, a share (f - x)/T of all requests takes longer than x: p99 is f - T/100."""
    summary = lab.summary()
    response, service = summary.total.response_ms, summary.total.service_ms
    for share, observed_ms in ((0.95, response.p95), (0.99, response.p99), (0.999, response.p999)):
        expected_ms = (frozen_s - (1 - share) * SECONDS) * 1000
        assert pytest.approx(expected_ms, rel=0.10) == observed_ms
    assert response.p50 < 50
    assert service.max >= frozen_s * 900
    assert (summary.arrivals.intended, summary.arrivals.dropped) == (RATE * SECONDS, 0)
    assert summary.arrivals.intended == summary.arrivals.started == summary.total.count
