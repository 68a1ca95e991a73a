"""Latency histograms: three significant digits at microseconds, in bounded memory, merged without loss."""

from collections.abc import Iterable

from hdrh.histogram import HdrHistogram

from harness.results import Latency

HIGHEST_US = 3_600_000_000  # one hour; what is longer counts as one hour
SIGNIFICANT_DIGITS = 3
_PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9, "max": 100.0}


class Histogram:
    """Counts of durations; recorded and read in seconds and milliseconds, kept in microseconds."""

    def __init__(self) -> None:
        self._counts = HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS)

    def record(self, seconds: float) -> None:
        """Add one duration."""
        self._counts.record_value(min(max(round(seconds * 1e6), 0), HIGHEST_US))

    @property
    def count(self) -> int:
        """How many durations it holds."""
        return int(self._counts.get_total_count())

    def add(self, other: "Histogram") -> None:
        """Add all durations of another histogram."""
        self._counts.add(other._counts)  # noqa: SLF001 - the same class

    def latency(self) -> Latency:
        """Return the percentiles in milliseconds; all 0 when it is empty."""
        values = self._counts.get_percentile_to_value_dict(list(_PERCENTILES.values()))
        return Latency(**{name: values.get(percentile, 0) / 1000 for name, percentile in _PERCENTILES.items()})

    def encode(self) -> str:
        """Return it as the base64 text of HdrHistogram's V2 format, which other tools read too."""
        return str(self._counts.encode().decode())

    @classmethod
    def decode(cls, text: str) -> "Histogram":
        """Read what `encode` wrote."""
        histogram = cls()
        histogram._counts.decode_and_add(text)
        return histogram

    @classmethod
    def merged(cls, parts: Iterable["Histogram"]) -> "Histogram":
        """Return the sum of some histograms: equal to one that recorded all their durations."""
        whole = cls()
        for part in parts:
            whole.add(part)
        return whole
