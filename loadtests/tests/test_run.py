"""The command, as a user runs it, on a real server: what is measured, and the evidence of it."""

import contextlib
import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from harness.results import Status
from loadtests.histograms import HIGHEST_US, SIGNIFICANT_DIGITS
from loadtests.profile import read_profile
from loadtests.schedule import slots
from loadtests.tests.conftest import READER, ROOT, SEED, Lab, Server

FAILING = READER.replace('"/"', '"/fail"')
IDLE = READER.replace('self.client.get("/")', "pass")
THREE_KINDS = """
from locust import FastHttpUser, HttpUser, task
from loadtests.client.user import LeanHttpUser

class Lean(LeanHttpUser):
    @task
    def read(self):
        self.client.get("/", name="/lean")

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
EVIDENCE = {
    "summary.json",
    "histograms.hlog",
    "timeline.jsonl",
    "metrics.jsonl",
    "locust.html",
    "locust_stats.csv",
    "locust_failures.csv",
    "engine-1.log",
}


def histogram_counts(path: Path) -> dict[str, int]:
    """Read a histogram file with HdrHistogram's own reader; return how many each tag has."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS))
    with contextlib.closing(reader):
        found = iter(reader.get_next_interval_histogram, None)
        return {histogram.get_tag(): histogram.get_total_count() for histogram in found}


def test_healthy_target(lab: Lab) -> None:
    """A healthy target passes, and all the evidence is there, also other tools' and the target's own metrics."""
    lab.target(f'base_url = "{lab.base_url}"\n[metrics]\npath = "/metrics"')
    lab.profile("response p90 < 60s", "failures == 0", "rate > 1% of intended", "dropped == 0")
    finished = lab.run()
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout
    summary = lab.summary()
    assert {Status.PASS} == {threshold.status for threshold in summary.thresholds}
    assert (summary.arrivals.intended, summary.arrivals.started, summary.arrivals.dropped) == (50, 50, 0)
    assert [endpoint.name for endpoint in summary.endpoints] == ["GET /"]
    assert sum(second.answered for second in lab.timeline()) == 50
    folder = lab.results.folder / "load/quick"
    assert {path.name for path in folder.iterdir()} == EVIDENCE
    assert "requests_seen" in (folder / "metrics.jsonl").read_text()
    assert histogram_counts(folder / "histograms.hlog") == {"service:0:GET%20/": 50, "response:0:GET%20/": 50}


def test_three_clients(lab: Lab) -> None:
    """LeanHttpUser, FastHttpUser and HttpUser run side by side, each with its exact share of the arrivals."""
    lab.journey(THREE_KINDS)
    lab.profile("failures == 0", journeys="Lean = 5\nFast = 4\nPlain = 1")
    lab.run_to(0)
    counts = {one.name: one.count for one in lab.summary().endpoints}
    assert counts == {"GET /lean": 25, "GET /fast": 20, "GET /plain": 5}


def test_warm_up(lab: Lab) -> None:
    """Warm-up is shown apart and not judged; stages have their own numbers."""
    warm_up = '[[stages]]\nname = "cold"\nduration_s = 1\nrate = 20\nwarm_up = true\n'
    lab.profile("failures == 0", stages=warm_up + "[[stages]]\nduration_s = 1\nrate = 30\n")
    finished = lab.run_to(0)
    assert "warm-up, not judged" in finished.stdout
    summary = lab.summary()
    assert [(stage.name, stage.total.count, stage.warm_up) for stage in summary.stages] == [
        ("cold", 20, True),
        ("1", 30, False),
    ]
    assert (summary.total.count, summary.arrivals.intended) == (30, 30)


def test_closed_loop(lab: Lab) -> None:
    """A closed loop is labelled so: nothing is late or dropped, and response time is service time."""
    lab.journey(READER.replace("@task", "wait_time = lambda self: 0.01\n    @task"))
    lab.profile("failures == 0", stages="[[stages]]\nduration_s = 1\n", arrivals="closed")
    finished = lab.run_to(0)
    assert "closed loop: " in finished.stdout
    summary = lab.summary()
    assert (summary.loop, summary.arrivals.dropped, summary.arrivals.late) == ("closed", 0, 0)
    assert summary.total.count == summary.arrivals.started > 0
    assert pytest.approx(summary.total.service_ms.p50, abs=0.5) == summary.total.response_ms.p50


def test_users_at_work(lab: Lab) -> None:
    """In a closed loop no more users are at work than the stage has."""
    lab.journey(READER.replace('"/"', '"/hang"'))
    stages = "[[stages]]\nduration_s = 1\nusers = 2\n[[stages]]\nduration_s = 1\nusers = 4\n"
    lab.profile("failures == 0", stages=stages, users=5, patience_s=0.2, arrivals="closed")
    lab.run_to(1)
    assert [stage.arrivals.started for stage in lab.summary().stages] == [2, 2]


def test_poisson_arrivals(lab: Lab) -> None:
    """Poisson arrivals are all accounted for, and those that their seed intends."""
    lab.profile("failures == 0", arrivals="poisson")
    lab.run_to(0)
    arrivals = lab.summary().arrivals
    assert arrivals.intended == arrivals.started + arrivals.dropped == lab.summary().total.count
    planned = read_profile(lab.folder / "profiles/quick.toml")
    assert arrivals.intended == len(list(slots(planned, SEED))) != 50


def test_failed_requests(lab: Lab) -> None:
    """A target that answers 500 fails; summary and Locust's tables have the same numbers, and how to see it again."""
    lab.journey(FAILING)
    lab.profile("failures < 1%")
    finished = lab.run_to(1)
    assert "fail         failures < 1%  (50 of 50 (100.000%))" in finished.stdout
    assert "fail: again with: " in finished.stdout.splitlines()[-1]
    assert "-m loadtests run quick --target " in finished.stdout.splitlines()[-1]
    summary, folder = lab.summary(), lab.results.folder / "load/quick"
    assert summary.errors == ("50 times: GET /fail: answered 500",)
    with (folder / "locust_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert (rows["Aggregated"]["Request Count"], rows["/fail"]["Failure Count"]) == ("50", "50")
    assert summary.total.response_ms.p99 == float(rows["Aggregated"]["99%"])
    assert "answered 500" in (folder / "locust_failures.csv").read_text()


def test_no_requests(lab: Lab) -> None:
    """A run without a request is inconclusive."""
    lab.journey(IDLE)
    lab.profile("failures < 1%", patience_s=0.1)
    finished = lab.run_to(3)
    assert "no requests were made" in finished.stdout


def test_listed_journeys(server: Server) -> None:
    """`locust -f loadtests/locustfile.py` knows the journeys."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--list", "--host", server.base_url]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "DashboardReader" in listed.stdout
    assert "PipelineAuthor" in listed.stdout


def test_plain_locust(lab: Lab) -> None:
    """A journey for the lean client runs under plain Locust as any other, with Locust's own statistics."""
    lab.journey(THREE_KINDS)
    command = [sys.executable, "-m", "locust", "-f", str(lab.folder / "journeys/reader.py"), "--host", lab.base_url]
    headless = [
        "--headless",
        "--users",
        "3",
        "--spawn-rate",
        "9",
        "--run-time",
        "1s",
        "--stop-timeout",
        "5",
        "--only-summary",
    ]
    done = subprocess.run([*command, *headless], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("/lean", "/fast", "/plain"):
        assert name in done.stderr


def test_processes_stay_free_of_locust() -> None:
    """Locust patches the process that imports it: the command's own process never does."""
    code = "import sys, loadtests, loadtests.__main__; print({'locust', 'gevent'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
