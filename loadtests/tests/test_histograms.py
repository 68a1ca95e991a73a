"""Histograms are HdrHistogram's, keep three digits, merge exactly, and are readable by others."""

from functools import reduce

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from loadtests.histograms import HIGHEST_US, SIGNIFICANT_DIGITS, Histogram, cell_of, highest_us, lowest_us

THOUSANDTHS = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999, "max": 1000}
durations_us = st.integers(0, HIGHEST_US) | st.integers(0, 5000)
samples = st.lists(durations_us, min_size=1, max_size=30)


def of(sample: list[int]) -> Histogram:
    """Return a histogram of durations in microseconds."""
    histogram = Histogram()
    for us in sample:
        histogram.record(us / 1e6)
    return histogram


def theirs(sample: list[int]) -> HdrHistogram:
    """Return HdrHistogram's own histogram of the same durations."""
    histogram = HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS)
    for us in sample:
        histogram.record_value(us)
    return histogram


@given(us=durations_us)
def test_same_cells(us: int) -> None:
    """A cell is HdrHistogram's: it holds the same durations and has the same number."""
    hdr, cell = theirs([us]), cell_of(us / 1e6)
    assert hdr.get_counts_array_index(us) == cell
    expected = (hdr.get_lowest_equivalent_value(us), hdr.get_highest_equivalent_value(us))
    assert expected == (lowest_us(cell), highest_us(cell))


@given(us=durations_us)
def test_three_digits(us: int) -> None:
    """No cell is wider than a thousandth of what it holds, nor than a microsecond where that is less."""
    cell = cell_of(us / 1e6)
    assert lowest_us(cell) <= us <= highest_us(cell)
    assert highest_us(cell) - lowest_us(cell) <= us / 1000


@given(sample=samples)
def test_encoded_bytes(sample: list[int]) -> None:
    """What other tools read is byte for byte what HdrHistogram would have written."""
    assert theirs(sample).encode().decode() == of(sample).encode()


@given(sample=samples)
def test_nearest_rank(sample: list[int]) -> None:
    """A percentile is the duration of the nearest rank, as the end of HdrHistogram's cell for it."""
    hdr, latency = theirs(sample), of(sample).latency()
    for name, thousandths in THOUSANDTHS.items():
        rank = -(-thousandths * len(sample) // 1000)
        expected_us = hdr.get_highest_equivalent_value(sorted(sample)[rank - 1])
        assert expected_us / 1000 == getattr(latency, name)


@given(parts=st.lists(samples, max_size=6))
def test_merged_equals_pooled(parts: list[list[int]]) -> None:
    """Histograms of any parts add up to the histogram of all, whatever the order."""
    pooled = of([us for part in parts for us in part])
    assert pooled.cells == Histogram.merged(of(part) for part in parts).cells
    assert (
        pooled.cells == reduce(lambda whole, part: Histogram.merged([part, whole]), map(of, parts), Histogram()).cells
    )


def test_exact_rank() -> None:
    """The 99.9th percentile of a thousand is the 999th: no rounding makes it the last."""
    assert Histogram(dict.fromkeys(range(1, 1001), 1)).latency().p999 == 0.999


def test_negative_duration() -> None:
    """A clock that went back counts as no time."""
    assert cell_of(-0.5) == cell_of(-1e9) == 0


@pytest.mark.parametrize("seconds", [3600.0, 3601.0, 1e9])
def test_huge_duration(seconds: float) -> None:
    """What is longer than an hour counts as an hour, to three digits, and can still be encoded."""
    histogram = Histogram()
    histogram.record(seconds)
    assert pytest.approx(3_600_000, rel=1e-3) == histogram.latency().max
    assert histogram.encode()


def test_empty_histogram() -> None:
    """An empty histogram has percentiles and a mean of 0."""
    assert (Histogram().latency().max, Histogram().mean_ms(), Histogram().count) == (0.0, 0.0, 0)


@given(sample=samples)
def test_mean_of_cells(sample: list[int]) -> None:
    """The mean is that of the sample to three digits."""
    expected_ms = sum(sample) / len(sample) / 1000
    assert pytest.approx(expected_ms, rel=1e-3, abs=1e-3) == of(sample).mean_ms()
