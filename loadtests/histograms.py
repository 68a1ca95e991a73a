"""Latency histograms: three significant digits at microseconds, in bounded memory, merged without loss.

A histogram is a mapping of cell to count. Cells are HdrHistogram's own (http://hdrhistogram.org): linear up to 2,047
us, then 1,024 for each doubling, so that a cell is never wider than a thousandth of its value. A mapping holds only
cells that were hit, costs less than a microsecond to add to, travels as JSON, and merges by addition; `encode` makes
the format that other tools read.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from hdrh.histogram import HdrHistogram

from harness.load_records import Latency

HIGHEST_US = 3_600_000_000  # one hour; what is longer counts as one hour
SIGNIFICANT_DIGITS = 3
Cells = dict[int, int]

_DIGIT_BITS = 11  # 2^11 is the first power of two of at least 2 * 10^3: HdrHistogram's sub-bucket count
_HALF = 1 << (_DIGIT_BITS - 1)
_SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}


def cell_of(seconds: float) -> int:
    """Return the cell of a duration; what is negative counts as 0."""
    us = int(seconds * 1e6 + 0.5)
    if us <= 0:
        return 0
    shift = us.bit_length() - _DIGIT_BITS
    if shift <= 0:
        return us
    if us > HIGHEST_US:
        return cell_of(HIGHEST_US / 1e6)
    return (shift << (_DIGIT_BITS - 1)) + (us >> shift)


def lowest_us(cell: int) -> int:
    """Return the least duration of a cell, in microseconds."""
    if cell < 2 * _HALF:
        return cell
    shift = (cell >> (_DIGIT_BITS - 1)) - 1
    return (cell - shift * _HALF) << shift


def highest_us(cell: int) -> int:
    """Return the greatest duration of a cell, in microseconds."""
    return lowest_us(cell + 1) - 1


class Histogram:
    """Counts of durations; recorded and read in seconds and milliseconds, kept in microseconds."""

    def __init__(self, cells: Mapping[int, int] | None = None) -> None:
        self.cells: Counter[int] = Counter(cells)

    def record(self, seconds: float) -> None:
        """Add one duration."""
        self.cells[cell_of(seconds)] += 1

    @property
    def count(self) -> int:
        """How many durations it holds."""
        return self.cells.total()

    def add(self, cells: Mapping[int, int]) -> None:
        """Add the counts of other cells."""
        self.cells.update(cells)

    def percentile_ms(self, share: float) -> float:
        """Return the duration that this share (0 to 1) of all did not exceed (nearest rank); 0 when it is empty."""
        return next(self._values_ms([share]), 0.0)

    def latency(self) -> Latency:
        """Return the usual percentiles in milliseconds; all 0 when it is empty."""
        values = list(self._values_ms(_SHARES.values())) or [0.0] * len(_SHARES)
        return Latency(**dict(zip(_SHARES, values, strict=True)))

    def mean_ms(self) -> float:
        """Return the mean, from the middles of the cells; 0 when it is empty."""
        total_us = sum((lowest_us(cell) + highest_us(cell)) / 2 * count for cell, count in self.cells.items())
        return total_us / 1000 / self.count if self.cells else 0.0

    def encode(self) -> str:
        """Return it as the base64 text of HdrHistogram's V2 format, which other tools read too."""
        whole = HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS)
        for cell, count in self.cells.items():
            whole.record_value(lowest_us(cell), count)
        return str(whole.encode().decode())

    @classmethod
    def merged(cls, parts: Iterable["Histogram"]) -> "Histogram":
        """Return the sum of some histograms: equal to one that recorded all their durations."""
        whole = cls()
        for part in parts:
            whole.add(part.cells)
        return whole

    def _values_ms(self, shares: Iterable[float]) -> Iterator[float]:
        """Yield the duration at each share; shares ascend."""
        ordered = iter(sorted(self.cells.items()))
        whole, seen, cell = self.count, 0, 0
        if not whole:
            return
        for share in shares:
            # Rounded first: 0.999 * 1000 is a little more than 999 in binary, and its ceiling would be one too many.
            rank = max(1, math.ceil(round(share * whole, 6)))
            while seen < rank:
                cell, count = next(ordered)
                seen += count
            yield highest_us(cell) / 1000
