"""Several engines: processes on this machine, workers that join, and Locust's page beside one."""

import json
import signal
import socket
import subprocess
import urllib.request
from typing import Any

import psutil
import pytest

from harness.errors import RequestError
from harness.ports import free_port
from harness.results import Status
from harness.wait import wait_for
from loadtests.distributed.address import Address
from loadtests.tests.conftest import Lab, finished, heard

TWO_STAGES = "[[stages]]\nduration_s = 1\nrate = 41\n[[stages]]\nduration_s = 1\nrate = { start = 0, end = 40 }\n"
TWO_SECONDS = "[[stages]]\nduration_s = 2\nrate = 50\n"
EIGHT_SECONDS = "[[stages]]\nduration_s = 8\nrate = 50\n"


def engines_of(run: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return a run's engines."""
    children = psutil.Process(run.pid).children(recursive=True)
    return [child for child in children if "loadtests.engine" in child.cmdline()]


def test_two_processes(lab: Lab) -> None:
    """Two processes share one schedule: together they make each stage's arrivals, no more and no less."""
    lab.profile("failures == 0", stages=TWO_STAGES)
    lab.run_to(0, "--processes", "2")
    summary = lab.summary()
    assert [stage.arrivals.intended for stage in summary.stages] == [41, 20]
    assert 61 == summary.arrivals.started == summary.total.count
    assert sum(second.started for second in lab.timeline()) == 61
    assert summary.generator.processes == 2
    assert "--processes 2" in summary.reproduce


def test_process_killed(lab: Lab) -> None:
    """When an engine dies its absence is named and the run inconclusive; the other one's numbers are there."""
    lab.profile("failures < 1%", stages=EIGHT_SECONDS)
    run, _line = lab.start("--processes", "2")
    engines_of(run)[0].kill()
    said = finished(run)
    assert run.returncode == 3, said
    assert "of 2 ended with code -9" in said
    assert "its requests from then on are missing" in said
    summary = lab.summary()
    assert {Status.INCONCLUSIVE} == {threshold.status for threshold in summary.thresholds}
    assert summary.total.count >= 200


def joined(lab: Lab) -> tuple[subprocess.Popen[str], list[subprocess.Popen[str]]]:
    """Start a run that waits for two workers, and two workers."""
    run, line = lab.start("--workers", "2", "--bind", "127.0.0.1:0", until="waiting for 2 workers")
    address = line.split()[-1]
    return run, [lab.join(address) for _worker in range(2)]


def test_two_workers(lab: Lab) -> None:
    """Two workers that join over Locust's protocol run an unchanged profile as one, and end with the run."""
    lab.profile("failures == 0", stages=TWO_STAGES)
    run, workers = joined(lab)
    said = finished(run)
    assert run.returncode == 0, said
    assert "joined, 1 of 2" in said
    assert "joined, 2 of 2" in said
    for worker in workers:
        finished(worker)
        assert worker.returncode == 0
    assert 61 == lab.summary().arrivals.intended == lab.summary().total.count


def test_worker_killed(lab: Lab) -> None:
    """A worker that cannot be heard any more is named, and the run inconclusive."""
    lab.profile("failures < 1%", stages=EIGHT_SECONDS)
    run, workers = joined(lab)
    heard(run, " left")
    workers[0].kill()
    said = finished(run)
    assert run.returncode == 3, said
    assert "could not be heard for 10 s" in said
    assert "! worker " in said
    finished(workers[1])
    assert workers[1].returncode == 0


def test_run_of_workers_killed(lab: Lab) -> None:
    """When the run is killed its workers end by themselves."""
    lab.profile("failures < 1%", stages="[[stages]]\nduration_s = 60\nrate = 20\n", patience_s=1)
    run, workers = joined(lab)
    heard(run, " left")
    children = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    for worker in workers:
        finished(worker)
    _gone, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []


def test_port_taken(lab: Lab) -> None:
    """A port that is taken is named in one line, before anything is started."""
    lab.profile("failures < 1%")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = lab.run_to(2, "--workers", "1", "--bind", address)
    assert f"error: --bind {address}: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_lonely_worker(lab: Lab) -> None:
    """A worker that no run lets join gives up after a while, and says where it looked."""
    address = f"127.0.0.1:{free_port()}"
    worker = lab.join(address, "--wait", "1")
    _said, errors = worker.communicate(timeout=60)
    assert worker.returncode == 3
    assert f"error: no run let a worker join at {address} within 1 s\n" == errors


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":5557", "http://a:1", "a@b:1", ""])
def test_bad_address(address: str) -> None:
    """What is no HOST:PORT is named with what would be right."""
    with pytest.raises(RequestError, match=rf"^--join {address}: give HOST:PORT, as in 127\.0\.0\.1:5557$"):
        Address.read(address, "--join")


@pytest.mark.parametrize(
    ("text", "host"), [("127.0.0.1:5557", "127.0.0.1"), ("[::1]:5557", "::1"), ("load-1:5557", "load-1")]
)
def test_good_address(text: str, host: str) -> None:
    """Names, IPv4 and IPv6 are read."""
    assert Address.read(text, "--bind") == (host, 5557)


def read(url: str) -> bytes:
    """Read a page."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        page: bytes = answer.read()
    return page


def page_stats(page: str) -> dict[str, Any]:
    """Return what Locust's page shows, by name."""
    return {one["name"]: one for one in json.loads(read(f"{page}/stats/requests"))["stats"]}


def whole_stats(page: str, count: int) -> dict[str, Any] | None:
    """Return what Locust's page shows when it shows so many requests, of the endpoint and of all."""
    stats = page_stats(page)
    counts = {stats[name]["num_requests"] for name in ("/", "Aggregated")}
    return stats if counts == {count} else None


def test_locust_page(lab: Lab) -> None:
    """`ui` shows Locust's page while the load runs and after it, with the run's own numbers, until Ctrl-C."""
    lab.profile("failures == 0", stages=TWO_SECONDS + TWO_SECONDS)
    run, page = lab.start("--port", str(free_port()), part="ui", until="Locust's page")
    page = page.split()[-1]
    heard(run, " left")
    assert b"Locust" in read(page)
    assert page_stats(page)["Aggregated"]["num_requests"] > 0
    heard(run, "until Ctrl-C")
    total = lab.summary().total
    assert total.count == 200
    # Locust gives the same answer for some seconds before it looks again.
    whole = wait_for(lambda: whole_stats(page, total.count), what="the last numbers on the page", timeout_s=60)
    assert total.response_ms.max == pytest.approx(whole["/"]["max_response_time"], abs=1)  # it rounds that one
    run.send_signal(signal.SIGINT)
    said = finished(run)
    assert run.returncode == 0, said
    assert "200 arrivals intended" in said


def test_page_port_taken(lab: Lab) -> None:
    """A page whose port is taken is one clear line, before any load."""
    lab.profile("failures == 0")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        run = lab.popen(lab.command("--port", port, part="ui"))
        _said, errors = run.communicate(timeout=100)
    assert run.returncode == 2, errors
    assert f"error: --port {port}: " in errors
    assert len(errors.splitlines()) == 1
