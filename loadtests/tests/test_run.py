"""The command, as a user runs it, on a real server."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.results import Status
from harness.wait import wait_for
from loadtests.tests.conftest import READER, ROOT, Lab, Server

FAILING = READER.replace('"/"', '"/fail"')
IDLE = READER.replace('self.client.get("/")', "pass")
TWO_KINDS = """
from locust import FastHttpUser, HttpUser, task

class Fast(FastHttpUser):
    @task
    def read(self):
        self.client.get("/", name="/fast")

class Plain(HttpUser):
    @task
    def read(self):
        with self.client.get("/fail", name="/plain", catch_response=True) as answer:
            answer.success()
"""


def test_pass(lab: Lab) -> None:
    """A healthy target passes, and all the evidence is there."""
    lab.profile("response p90 < 2s", "failures == 0", "rate > 90% of intended", "dropped == 0")
    finished = lab.run()
    assert (finished.returncode, finished.stderr) == (0, "")
    summary = lab.summary()
    assert {Status.PASS} == {threshold.status for threshold in summary.thresholds}
    assert (summary.arrivals.intended, summary.arrivals.started, summary.arrivals.dropped) == (50, 50, 0)
    assert [endpoint.name for endpoint in summary.endpoints] == ["GET /"]
    assert sum(second.answered for second in lab.timeline()) == 50
    files = {path.name for path in (lab.results.folder / "load/quick").iterdir()}
    assert files >= {"summary.json", "histograms.hlog", "timeline.jsonl", "locust.html", "locust_stats.csv"}


def test_mixed_journeys(lab: Lab) -> None:
    """HttpUser and FastHttpUser run unchanged, each with its exact share of the arrivals."""
    lab.journey(TWO_KINDS)
    lab.profile("failures == 0", journeys="Fast = 4\nPlain = 1")
    assert lab.run().returncode == 0
    assert {one.name: one.count for one in lab.summary().endpoints} == {"GET /fast": 40, "GET /plain": 10}


def test_warm_up(lab: Lab) -> None:
    """Warm-up is shown apart and not judged."""
    warm_up = "[[stages]]\nduration_s = 1\nrate = 20\nwarm_up = true\n"
    lab.profile("failures == 0", stages=warm_up + "[[stages]]\nduration_s = 1\nrate = 30\n")
    assert lab.run().returncode == 0
    summary = lab.summary()
    assert summary.warm_up is not None
    assert (summary.warm_up.count, summary.total.count) == (20, 30)


def test_failures(lab: Lab) -> None:
    """A target that answers 500 fails, with the reason and a line that reproduces it."""
    lab.journey(FAILING)
    lab.profile("failures < 1%")
    finished = lab.run()
    assert finished.returncode == 1
    assert "50 times: GET /fail: answered 500" in finished.stdout
    assert "-m loadtests run quick" in lab.summary().reproduce


def test_no_requests(lab: Lab) -> None:
    """A run without a request is inconclusive."""
    lab.journey(IDLE)
    lab.profile("failures < 1%", patience_s=0.1)
    finished = lab.run()
    assert finished.returncode == 3
    assert "no requests were made" in finished.stdout


def test_target_dies(lab: Lab, server: Server) -> None:
    """A target that dies amid the load fails, and the summary says from when on it did not answer."""
    lab.profile("failures < 1%", stages="[[stages]]\nduration_s = 5\nrate = 50\n")
    run = lab.start()
    server.process.kill()
    said, _errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "the target stopped answering at" in said


def test_served_target_dies(lab: Lab) -> None:
    """A target that we serve and whose process ends under load is a failure, whatever the thresholds say."""
    server = str(Path(__file__).with_name("tiny_server.py"))
    lab.target(f'[serve]\ncommand = ["{{python}}", "{server}", "{{port}}"]\n')
    lab.journey(READER.replace('"/"', '"/die"'))
    lab.profile("response p50 < 5s")
    finished = lab.run()
    assert finished.returncode == 1
    assert "error: tiny: its process ended under load" in finished.stderr
    assert "and no threshold judges failures" in lab.summary().inconclusive[0]


def test_killed(lab: Lab) -> None:
    """A run that is killed leaves no process behind."""
    lab.profile("failures < 1%", stages="[[stages]]\nduration_s = 30\nrate = 50\n", patience_s=1)
    run = lab.start()
    children = psutil.Process(run.pid).children(recursive=True)
    assert children
    run.kill()
    run.communicate()
    wait_for(lambda: not any(child.is_running() for child in children), what="the engine's end", timeout_s=15)


def test_hanging_target(lab: Lab) -> None:
    """Requests that never get an answer are failures, the slots behind them are dropped: none disappears."""
    lab.journey(READER.replace('"/"', '"/hang"'))
    lab.profile("failures < 1%", patience_s=0.5)
    assert lab.run().returncode == 1
    summary = lab.summary()
    assert (summary.arrivals.intended, summary.arrivals.started, summary.arrivals.dropped) == (50, 5, 45)
    assert 5 == summary.total.count == summary.total.failures


def test_ctrl_c(lab: Lab) -> None:
    """Ctrl-C leaves partial results, labelled, which decide nothing."""
    lab.profile("failures < 1%", stages="[[stages]]\nduration_s = 30\nrate = 50\n")
    run = lab.start()
    run.send_signal(signal.SIGINT)
    said, _errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "these are partial results" in said
    summary = lab.summary()
    assert {Status.INCONCLUSIVE} == {threshold.status for threshold in summary.thresholds}
    assert summary.arrivals.intended == summary.arrivals.started == summary.total.count


def test_target_down(lab: Lab, server: Server) -> None:
    """A target that does not answer at the start is named in one line."""
    lab.profile("failures < 1%")
    server.process.kill()
    server.process.wait()
    finished = lab.run()
    assert finished.returncode == 1
    assert f"error: tiny: base_url {lab.base_url}: no answer" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_start_refused(lab: Lab) -> None:
    """A journey that cannot start makes the run inconclusive and says why."""
    lab.journey(READER + "\n    def on_start(self):\n        raise LookupError('no such user')\n")
    lab.profile("failures < 1%")
    finished = lab.run()
    assert finished.returncode == 3
    assert finished.stderr == "error: journey Reader: LookupError: no such user (in on_start, before any load)\n"


def test_foreign_host(lab: Lab) -> None:
    """A journey that asks another place than the target sends nothing there."""
    lab.journey(READER.replace('"/"', '"http://127.0.0.2:9/"'))
    lab.profile("failures < 1%", patience_s=0.1)
    finished = lab.run()
    assert finished.returncode == 3
    assert "http://127.0.0.2:9 is not the target" in finished.stdout


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "no journeys; put a Python file there"),
        ("\n1 / 0", "reader.py:2: ZeroDivisionError: division by zero"),
        (READER.replace("Reader", "Raeder"), "journeys.Reader: no such journey; did you mean `Raeder`?"),
    ],
    ids=["none", "raises", "unknown"],
)
def test_bad_journeys(lab: Lab, source: str, said: str) -> None:
    """Journeys that cannot be had are one clear line, before anything is started."""
    lab.journey(source)
    lab.profile("failures < 1%")
    finished = lab.run()
    assert finished.returncode == 2
    assert said in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_stale_summary(lab: Lab) -> None:
    """The summary of an earlier run does not outlive a run that gave none."""
    lab.profile("failures < 1%")
    lab.run()
    lab.journey("1 / 0")
    lab.run()
    assert not (lab.results.folder / "load/quick/summary.json").exists()


def test_remote(lab: Lab) -> None:
    """Load on another machine needs its name said aloud."""
    lab.profile("failures < 1%")
    lab.target('base_url = "http://192.0.2.1:80"')
    finished = lab.run()
    assert finished.returncode == 2
    assert "http://192.0.2.1:80 is not on this machine" in finished.stderr


def test_plain_locust(server: Server) -> None:
    """`locust -f loadtests/locustfile.py` knows the journeys."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--list", "--host", server.base_url]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "DashboardReader" in listed.stdout
    assert "PipelineAuthor" in listed.stdout


def test_processes_stay_free_of_locust() -> None:
    """Locust patches the process that imports it: the command's own process never does."""
    code = "import sys, loadtests, loadtests.__main__; print({'locust', 'gevent'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
