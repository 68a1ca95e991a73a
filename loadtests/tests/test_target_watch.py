"""What is seen of the target under load: its processes come and go, its metrics are read."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import psutil
import pytest

from harness.wait import wait_for
from loadtests.target_watch import Processes, TargetWatch, parse_metrics

# A target with workers: each line it reads starts one or kills the oldest.
PARENT = """
import subprocess, sys
workers = []
for line in sys.stdin:
    if line.strip() == "start":
        workers.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
    else:
        worker = workers.pop(0)
        worker.kill()
        worker.wait()
    print(flush=True)
"""
OK = "HTTP/1.0 200 OK"
PAGE = """# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{path="/b",method="GET"} 3
http_requests_total{method="GET",path="/a"} 2.5
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 0.3
latency_seconds_count 2
# TYPE up gauge
up 1
"""


class Parent(NamedTuple):
    """A process whose children a test starts and ends."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Its id."""
        return self.process.pid

    def do(self, what: str) -> None:
        """Start or kill a child, and return when that is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def end(self) -> None:
        """End it, and its children with it: they read from its pipes."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def parent() -> Iterator[Parent]:
    """Give a real process that can have children."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        started = Parent(process)
        started.do("start")
        yield started
        started.end()


class Metrics:
    """A server whose answer a test sets."""

    def __init__(self) -> None:
        self.head, self.page = OK, PAGE
        metrics = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.wfile.write(f"{metrics.head}\r\n\r\n{metrics.page}".encode())

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/metrics"


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    """Serve a page of metrics."""
    made = Metrics()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_new_process(parent: Parent) -> None:
    """A worker that comes under load is measured and is no change."""
    processes = Processes(parent.pid)
    before = processes.measure(0)
    parent.do("start")
    assert processes.measure(1).rss_mb > before.rss_mb > 0
    assert processes.changes == []
    assert not processes.gone


def test_ended_process(parent: Parent) -> None:
    """A worker that ends under load is named with its process id and the second, once."""
    (worker,) = psutil.Process(parent.pid).children()
    processes = Processes(parent.pid)
    processes.measure(1)
    parent.do("kill")
    processes.measure(2)
    processes.measure(3)
    assert processes.changes == [f"a process of the target (pid {worker.pid}) ended at 2 s"]


def test_replaced_process(parent: Parent) -> None:
    """A worker that another replaces is a change: what is measured then is a restart."""
    processes = Processes(parent.pid)
    parent.do("kill")
    parent.do("start")
    processes.measure(1)
    assert len(processes.changes) == 1
    assert not processes.gone


def test_gone_process(parent: Parent) -> None:
    """When the main process has ended the target is gone, and uses nothing any more."""
    processes = Processes(parent.pid)
    parent.process.kill()
    wait_for(lambda: processes.gone, what="the end of the target", timeout_s=60)
    parent.process.wait()
    assert processes.gone
    assert processes.measure(4) == (0.0, 0.0)
    assert f"a process of the target (pid {parent.pid}) ended at 4 s" in processes.changes


def test_cpu_share(parent: Parent) -> None:
    """The CPU of all processes is a share of one core, and not negative."""
    processes = Processes(parent.pid)
    assert processes.measure(0).cpu >= 0
    assert processes.measure(1).cpu >= 0


def test_watched_seconds(parent: Parent) -> None:
    """The use of each second is known after it, and told once."""
    with TargetWatch(parent.pid, None, lambda _line: None) as watch:
        use = wait_for(lambda: watch.use_in(0), what="the first second", timeout_s=60)
        assert use.rss_mb > 0
        assert watch.use_in(0) is None
    assert (watch.changes, watch.gone) == ([], False)


def test_nothing_to_watch() -> None:
    """A target that somebody else runs and that has no metrics shows nothing, and is never gone."""
    with TargetWatch(None, None, lambda _line: None) as watch:
        assert (watch.use_in(0), watch.changes, watch.gone, watch.metrics_error) == (None, [], False, "")


def test_scraped_page(metrics: Metrics) -> None:
    """The first page is read at the start, and written with its second and how many series it had."""
    lines: list[str] = []
    with TargetWatch(None, metrics.url, lines.append) as watch:
        wait_for(lambda: lines, what="the first page", timeout_s=60)
    row = msgspec.json.decode(lines[0])
    assert (row["second"], row["series"]) == (0, 5)
    assert parse_metrics(PAGE) == row["samples"]
    assert watch.metrics_error == ""


@pytest.mark.parametrize(
    ("head", "page"),
    [
        ("HTTP/1.0 500 Oops", "up 1\n"),
        (OK, "<html>it works</html>"),
        (OK, "up 1\n}{\n"),
        ("no HTTP at all", ""),
        (f"{OK}\r\nContent-Length: 99", "up 1\n"),
    ],
    ids=["error", "page", "garbage", "protocol", "truncated"],
)
def test_bad_metrics(metrics: Metrics, head: str, page: str) -> None:
    """Metrics that cannot be read are named, and nothing is written; the run goes on."""
    metrics.head, metrics.page = head, page
    lines: list[str] = []
    with TargetWatch(None, metrics.url, lines.append) as watch:
        told = wait_for(lambda: watch.metrics_error, what="the error", timeout_s=60)
    assert told.startswith(f"{metrics.url}: ")
    assert lines == []


def test_parsed_samples() -> None:
    """Samples are named with their labels in order; buckets are left out."""
    expected = {
        'http_requests_total{method="GET",path="/b"}': 3.0,
        'http_requests_total{method="GET",path="/a"}': 2.5,
        "latency_seconds_sum": 0.3,
        "latency_seconds_count": 2.0,
        "up": 1.0,
    }
    assert expected == parse_metrics(PAGE)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_no_samples(text: str) -> None:
    """A page without samples is read as one."""
    assert parse_metrics(text) == {}


@pytest.mark.parametrize("text", ["<html>", "a b c", 'x{y="1" 2', "x{} one", "\x00\x01"])
def test_garbage_refused(text: str) -> None:
    """What is no page of metrics is refused as such, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        parse_metrics(text)
