"""Locust's own statistics, page and tables, filled from our numbers. Imports Locust.

Locust writes down each request as it comes, in buckets of two digits; we know better, and a second at a time. What
its page calls response time is ours: from due to answered. `python -m loadtests.engine.locust_pages` writes the files
of a finished run, in a process of its own since it imports Locust.
"""

import csv
import io
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from locust.env import Environment
from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_CHART, PERCENTILES_TO_REPORT, RequestStats, StatsCSV, StatsError
from locust.util.date import format_utc_timestamp

from harness.results import Results
from loadtests.engine.journey_files import choose_journeys, load_journeys
from loadtests.engine.made_users import user_classes
from loadtests.histograms import Histogram, highest_us, lowest_us
from loadtests.messages import Second, Series
from loadtests.page_input import Finished, Moment


class FilledStats(RequestStats):
    """Statistics that only `fill` changes."""

    def log_request(self, *_request: Any, **_more: Any) -> None:
        """Ignore what Locust's own listener says of each request."""

    def log_error(self, *_error: Any, **_more: Any) -> None:
        """Ignore it too."""

    def fill(self, second: Second) -> None:
        """Add a second that ends now."""
        self.fill_with(second.series, second.errors, time.time())

    def fill_with(self, series: Iterable[Series], errors: dict[str, int], at: float) -> None:
        """Add requests and errors that are known since `at`, in seconds since the epoch."""
        for one in series:
            method, _, name = one.endpoint.partition(" ")
            for entry in (self.get(name, method), self.total):
                _add(entry, one, at)
        for told, count in errors.items():
            error = _error(told)
            known = self.errors.setdefault(StatsError.create_key(error.method, error.name, error.error), error)
            known.occurrences += count
            known.first_seen, known.last_seen = known.first_seen or at, at


def _add(entry: Any, series: Series, at: float) -> None:
    """Add requests to an entry; Locust declares whole milliseconds, and its page and tables show fractions as well."""
    count = sum(series.response.values())
    last = entry.last_request_timestamp
    if entry.use_response_times_cache and last and int(at) > int(last):
        entry._cache_response_times(int(at) - 1)  # noqa: SLF001 - as its own `log` does
    entry.num_requests += count
    entry.num_failures += series.failures
    entry.num_reqs_per_sec[int(at)] += count
    entry.num_fail_per_sec[int(at)] += series.failures
    entry.total_content_length += series.size
    entry.last_request_timestamp = at
    entry.total_response_time += Histogram(series.response).mean_ms() * count
    for cell, times in series.response.items():
        entry.response_times[highest_us(cell) / 1000] += times
    least, most = lowest_us(min(series.response)) / 1000, highest_us(max(series.response)) / 1000
    entry.min_response_time = least if entry.min_response_time is None else min(entry.min_response_time, least)
    entry.max_response_time = max(entry.max_response_time, most)


def _error(told: str) -> StatsError:
    """Return a sentence of the recorder as Locust keeps errors: by method, name and text."""
    match = re.match(r"([A-Z]+) (\S+)(?: \(outside the schedule\))?: (.*)", told)
    method, name, error = match.groups() if match else ("", "", told)
    return StatsError(method, name, error)


class _Tables(StatsCSV):
    """Locust's tables, without rounding percentiles to whole milliseconds."""

    def _percentile_fields(self, stats_entry: Any, use_current: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        del use_current
        if not stats_entry.num_requests:
            return list(self.percentiles_na)
        return [stats_entry.get_response_time_percentile(share) for share in self.percentiles_to_report]


def write_pages(run: Finished) -> None:
    """Write `locust.html` and `locust_*.csv`. Warm-up is in them; `summary.json` is the evidence."""
    journeys = user_classes(run.made) if run.made else load_journeys(Path(str(run.journeys_folder)))
    environment = Environment(user_classes=choose_journeys(run.journeys, journeys, "profile"), host=run.base_url)
    environment.stats = stats = FilledStats()
    runner = environment.create_local_runner()
    stats.total.start_time = run.started
    stats.fill_with(run.series, run.errors, run.started + run.ended_s)
    stats.history = [_point(moment, run.started) for moment in run.moments]
    runner.final_user_classes_count = run.journeys
    runner.state = "stopped"
    results = Results(Path(run.results))
    page = get_html_report(environment, show_download_link=False)
    results.write_text(f"{run.output}/locust.html", page)
    tables = _Tables(environment, PERCENTILES_TO_REPORT)
    for name, write in (("stats", tables.requests_csv), ("failures", tables.failures_csv)):
        results.write_text(f"{run.output}/locust_{name}.csv", _as_text(write))


def _point(moment: Moment, started: float) -> dict[str, Any]:
    at = format_utc_timestamp(started + moment.ended_s)
    response = Histogram(moment.response)
    return {
        **{f"response_time_percentile_{share}": [at, response.percentile_ms(share)] for share in PERCENTILES_TO_CHART},
        "current_rps": [at, moment.rate],
        "current_fail_per_sec": [at, moment.failure_rate],
        "total_avg_response_time": [at, round(response.mean_ms(), 2)],
        "user_count": [at, moment.users],
        "time": at,
    }


def _as_text(write: Callable[[Any], None]) -> str:
    text = io.StringIO(newline="")
    write(csv.writer(text))
    return text.getvalue()


if __name__ == "__main__":
    write_pages(msgspec.json.decode(sys.stdin.buffer.read(), type=Finished))
