"""Histograms keep three digits, merge exactly, and are readable by others."""

import contextlib
import random

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from loadtests.histograms import HIGHEST_US, SIGNIFICANT_DIGITS, Histogram
from loadtests.tests.conftest import Lab


def test_digits() -> None:
    """A microsecond and an hour are kept to three significant digits."""
    for seconds in (1e-6, 0.0123456, 1.23456, 3599.0):
        histogram = Histogram()
        histogram.record(seconds)
        assert pytest.approx(seconds * 1000, rel=1e-3) == histogram.latency().p50


def test_merge() -> None:
    """Merged equals pooled, also after a journey through text."""
    pooled, parts = Histogram(), [Histogram() for _part in range(4)]
    source = random.Random(1)  # noqa: S311 - a sample
    for index in range(5000):
        seconds = source.expovariate(20)
        pooled.record(seconds)
        parts[index % 4].record(seconds)
    merged = Histogram.merged(Histogram.decode(part.encode()) for part in parts)
    assert (pooled.count, pooled.encode()) == (merged.count, merged.encode())
    assert pooled.latency() == merged.latency()


def test_log(lab: Lab) -> None:
    """The histogram file of a run is read by HdrHistogram's own reader."""
    lab.profile("failures == 0")
    lab.run()
    path = lab.results.folder / "load/quick/histograms.hlog"
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS))
    with contextlib.closing(reader):
        found = list(iter(reader.get_next_interval_histogram, None))
    expected = {"service:0:GET%20/": 50, "response:0:GET%20/": 50}
    assert expected == {histogram.get_tag(): histogram.get_total_count() for histogram in found}
