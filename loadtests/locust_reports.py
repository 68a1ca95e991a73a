"""Locust's own reports of a run: its HTML page and its CSV files. Imports Locust."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from locust.env import Environment
from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

from harness.results import Results


def write_locust_reports(environment: Environment, results: Path, output: str) -> None:
    """Write `locust.html` and `locust_*.csv` into the folder `output` of the results.

    They show service times as Locust rounds them, warm-up included; `summary.json` is the evidence.
    """
    folder = Results(results)
    page = get_html_report(environment, show_download_link=False)  # type: ignore[no-untyped-call]
    folder.write_text(f"{output}/locust.html", page)
    tables = StatsCSV(environment, PERCENTILES_TO_REPORT)
    for name, write in (
        ("stats", tables.requests_csv),
        ("failures", tables.failures_csv),
        ("exceptions", tables.exceptions_csv),
    ):
        folder.write_text(f"{output}/locust_{name}.csv", _as_text(write))


def _as_text(write: Callable[[Any], None]) -> str:
    text = io.StringIO(newline="")
    write(csv.writer(text))
    return text.getvalue()
