"""Writes what a run leaves in `results/load/<profile>/`, beside Locust's own reports."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from harness.results import LoadSummary, Results
from loadtests.messages import Report, Second
from loadtests.profile import Profile

HISTOGRAMS = "histograms.hlog"
TIMELINE = "timeline.jsonl"


def write_evidence(
    results: Results, summary: LoadSummary, profile: Profile, seconds: Sequence[Second], report: Report
) -> None:
    """Write histograms and timeline, then the summary: where it is, the others are too."""
    folder = f"load/{summary.profile}"
    results.write_text(f"{folder}/{HISTOGRAMS}", _histogram_log(profile, report))
    results.write_text(f"{folder}/{TIMELINE}", "".join(f"{msgspec.json.encode(row).decode()}\n" for row in seconds))
    results.write(summary, summary.profile)


def _histogram_log(profile: Profile, report: Report) -> str:
    """Return the histograms in HdrHistogram's log format 1.3, in microseconds.

    One line for each stage, endpoint and kind; the tag is `response:STAGE:ENDPOINT` with the endpoint
    percent-encoded. The lines of several runs or engines merge by adding those of one tag.
    """
    lines = ["#[Histogram log format version 1.3]", '"StartTimestamp","Interval_Length","Interval_Max","Histogram"']
    starts = [sum(stage.duration_s for stage in profile.stages[:index]) for index in range(len(profile.stages))]
    for series in report.series:
        stage = profile.stages[series.stage]
        span = f"{starts[series.stage]:.3f},{stage.duration_s:.3f}"
        place = f"{series.stage}:{quote(series.endpoint)}"
        lines.append(f"Tag=service:{place},{span},0,{series.service}")
        lines.append(f"Tag=response:{place},{span},0,{series.response}")
    return "\n".join(lines) + "\n"
