"""Runs that end otherwise than planned: by a threshold, a signal, a full disk."""

import signal
import subprocess

import psutil

from harness.results import Status
from harness.wait import wait_for
from loadtests.tests.conftest import READER, ROOT, RUN_TIMEOUT_S, Lab, finished

LONG = "[[stages]]\nduration_s = 60\nrate = 50\n"


def test_abort_ends_run(lab: Lab) -> None:
    """A threshold with `abort` ends the run as soon as it does not hold, and fails it; the summary says which."""
    lab.journey(READER.replace('"/"', '"/fail"'))
    lab.profile("response p50 < 60s", "failures < 1% for 1s abort", stages=LONG)
    done = lab.run()
    assert done.returncode == 1
    assert "ending early: `failures < 1% for 1s abort` does not hold" in done.stdout
    summary = lab.summary()
    assert summary.aborted == "failures < 1% for 1s abort"
    assert [threshold.status for threshold in summary.thresholds] == [Status.PASS, Status.FAIL]
    assert summary.seconds < 60
    assert summary.arrivals.started == summary.total.count


def test_interrupted_run(lab: Lab) -> None:
    """Ctrl-C leaves partial results, labelled, which decide nothing."""
    lab.profile("failures < 1%", stages=LONG)
    run, _line = lab.start()
    run.send_signal(signal.SIGINT)
    said = finished(run)
    assert run.returncode == 130
    assert "these are partial results" in said
    summary = lab.summary()
    assert {Status.INCONCLUSIVE} == {threshold.status for threshold in summary.thresholds}
    assert summary.arrivals.started == summary.total.count > 0


def test_killed_run(lab: Lab) -> None:
    """A run that is killed leaves no process behind, and the seconds it had until then."""
    lab.profile("failures < 1%", stages=LONG, patience_s=1)
    run, _line = lab.start()
    children = psutil.Process(run.pid).children(recursive=True)
    assert children
    run.kill()
    finished(run)
    wait_for(lambda: not any(child.is_running() for child in children), what="the engine's end", timeout_s=60)
    assert lab.timeline()


def test_disk_full(lab: Lab) -> None:
    """When nothing can be written any more the run ends with one line that names the file, and leaves no engine."""
    lab.profile("failures < 1%", stages=LONG, patience_s=1)
    limited = ["bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *lab.command()]
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "timeline.jsonl: cannot be written (File too large)" in done.stderr
