"""Watches the target under load: its processes' CPU and memory each second, its metrics every few seconds.

Both are laid beside the requests of the same second. A process that ends, or that another replaces, makes a run say
nothing: what was measured was a restart. Of a target that somebody else runs only the metrics can be seen, and its
start time in them.
"""

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import NamedTuple, Self

import msgspec
import psutil
from prometheus_client.parser import text_string_to_metric_families

from harness.errors import ResultsUnwritable

METRICS_EVERY_S = 5  # each second would be load of its own
METRICS_TIMEOUT_S = 2.0
MOST_SERIES = 2000
START_TIME = "process_start_time_seconds"
_SKIPPED = ("_bucket", "_created")  # many, and of little use beside a timeline


class Use(NamedTuple):
    """What the target's processes used in one second: shares of one core, megabytes of resident memory."""

    cpu: float
    rss_mb: float


class Processes:
    """The target's main process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._main = psutil.Process(pid)
        self._known: set[psutil.Process] = set()
        self._known = self._living()
        self.changes: list[str] = []

    @property
    def gone(self) -> bool:
        """Whether the main process has ended."""
        try:
            return self._main.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def measure(self, second: float) -> Use:
        """Return what they use since the last call, and note who came and went."""
        living = self._living()
        for process in self._known - living:
            self.changes.append(f"a process of the target (pid {process.pid}) ended at {second:.0f} s")
        self._known = living
        cpu, rss = 0.0, 0
        for process in self._known:
            try:
                cpu += process.cpu_percent() / 100
                rss += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # noted the next time
        return Use(round(cpu, 3), round(rss / 1e6, 1))

    def _living(self) -> set[psutil.Process]:
        try:
            found = {self._main, *self._main.children(recursive=True)}
            # The objects known before remember what they used until then.
            return {process for process in self._known if process in found} | (found - self._known)
        except psutil.NoSuchProcess:
            return set()


class TargetWatch:
    """Watches from a thread; a context manager."""

    def __init__(self, pid: int | None, metrics_url: str | None, write_metrics: Callable[[str], None]) -> None:
        self._processes = Processes(pid) if pid is not None else None
        self._write_metrics = write_metrics
        self._started_s = time.perf_counter()
        self._ended = threading.Event()
        self._uses: dict[int, Use] = {}
        self._start_times: set[float] = set()
        self.metrics_error = ""
        self._threads = []
        if self._processes is not None:
            self._threads.append(threading.Thread(target=self._watch_processes, args=(self._processes,), daemon=True))
        if metrics_url is not None:
            self._threads.append(threading.Thread(target=self._watch_metrics, args=(metrics_url,), daemon=True))

    def __enter__(self) -> Self:
        self._started_s = time.perf_counter()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(METRICS_TIMEOUT_S * 2)

    @property
    def gone(self) -> bool:
        """Whether the target's main process has ended."""
        return self._processes is not None and self._processes.gone

    @property
    def changes(self) -> list[str]:
        """What happened to the target's processes, as sentences."""
        changes = list(self._processes.changes) if self._processes else []
        if len(self._start_times) > 1:
            changes.append(f"the target restarted: its {START_TIME} changed while it was under load")
        return changes

    def use_in(self, second: int) -> Use | None:
        """Return what the target used in a second; None when it was not seen."""
        return self._uses.pop(second, None)

    def _watch_processes(self, processes: Processes) -> None:
        processes.measure(0)
        for second in self._every(1):
            self._uses[second - 1] = processes.measure(second)

    def _watch_metrics(self, url: str) -> None:
        self._scrape(url, 0)
        for second in self._every(METRICS_EVERY_S):
            self._scrape(url, second)

    def _every(self, seconds: int) -> Iterator[int]:
        """Yield each multiple of some seconds since the start, when it is reached."""
        second = seconds
        while not self._ended.wait(max(0.0, self._started_s + second - time.perf_counter())):
            yield second
            second += seconds

    def _scrape(self, url: str, second: int) -> None:
        try:
            with urllib.request.urlopen(url, timeout=METRICS_TIMEOUT_S) as answer:  # noqa: S310 - http(s)
                samples = parse_metrics(answer.read().decode())
        except (OSError, HTTPException, ValueError) as error:
            self.metrics_error = self.metrics_error or f"{url}: {error}"
            return
        self._start_times.update(value for name, value in samples.items() if name.startswith(START_TIME))
        row = {"second": second, "samples": dict(list(samples.items())[:MOST_SERIES]), "series": len(samples)}
        try:
            self._write_metrics(msgspec.json.encode(row).decode() + "\n")
        except ResultsUnwritable as error:  # in this thread nobody else would hear it
            self.metrics_error = self.metrics_error or str(error)


def parse_metrics(text: str) -> dict[str, float]:
    """Return the samples of a Prometheus text page by name and labels, without histogram buckets.

    Raises:
        ValueError: the page is not in Prometheus's format.

    """
    return {
        sample.name + _labels(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(_SKIPPED)
    }


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}" if labels else ""
