"""What a run leaves in `results/load/<profile>/`, and Locust's own reports beside it."""

import subprocess
import sys
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import msgspec

from harness.errors import ResultsUnwritable
from harness.load_records import LoadSecond, LoadSummary
from harness.results import Results
from loadtests.histograms import Histogram
from loadtests.messages import Series
from loadtests.page_input import Finished
from loadtests.profile import Profile

HISTOGRAMS = "histograms.hlog"
TIMELINE = "timeline.jsonl"
METRICS = "metrics.jsonl"
PAGES_TIMEOUT_S = 60.0


class Stream:
    """A file of whole JSON lines that grows while a run goes on, and stays when it is killed; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] = path.open("wb", buffering=0)  # nothing is left to write when it is closed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, line: str) -> None:
        """Add a line.

        Raises:
            ResultsUnwritable: the disk is full, or the folder is gone.

        """
        data, end = memoryview(line.encode()), self._file.tell()
        try:
            while data:  # of the last bytes that a disk has room for, a write takes what fits, and says so
                data = data[self._file.write(data) :]
        except OSError as error:
            self._file.seek(end)
            self._file.truncate()
            raise ResultsUnwritable(f"{self._path}: cannot be written ({error.strerror})") from error

    def row(self, second: LoadSecond) -> None:
        """Add a second."""
        self.write(f"{msgspec.json.encode(second).decode()}\n")


def make_room(results: Results, profile: str) -> str:
    """Return the folder of a profile's evidence, without that of an earlier run: it must not speak for this one."""
    folder = results.path(LoadSummary, profile).parent
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    return results.relative(folder)


def write_evidence(results: Results, summary: LoadSummary, profile: Profile, series: tuple[Series, ...]) -> None:
    """Write the histograms, then the summary: where it is, the others are too."""
    results.write_text(f"load/{summary.profile}/{HISTOGRAMS}", _histogram_log(profile, series))
    results.write(summary, summary.profile)


def write_locust_pages(finished: Finished) -> str:
    """Write Locust's page and tables, in a process that imports Locust; return what went wrong, if anything."""
    try:
        subprocess.run(
            [sys.executable, "-m", "loadtests.engine.locust_pages"],
            input=msgspec.json.encode(finished),
            capture_output=True,
            timeout=PAGES_TIMEOUT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return f"Locust's page was not written within {PAGES_TIMEOUT_S:g} s"
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        return f"Locust's page was not written: {lines[-1]}"
    return ""


def _histogram_log(profile: Profile, all_series: tuple[Series, ...]) -> str:
    """Return the histograms in HdrHistogram's log format 1.3, in microseconds.

    One line for each stage, endpoint and kind; the tag is `response:STAGE:ENDPOINT` with the endpoint
    percent-encoded. The lines of several runs merge by adding those of one tag.
    """
    lines = ["#[Histogram log format version 1.3]", '"StartTimestamp","Interval_Length","Interval_Max","Histogram"']
    for series in all_series:
        span = f"{profile.starts_s[series.stage]:.3f},{profile.stages[series.stage].duration_s:.3f}"
        place = f"{series.stage}:{quote(series.endpoint)}"
        lines.append(f"Tag=service:{place},{span},0,{Histogram(series.service).encode()}")
        lines.append(f"Tag=response:{place},{span},0,{Histogram(series.response).encode()}")
    return "\n".join(lines) + "\n"
