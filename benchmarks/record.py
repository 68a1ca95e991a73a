"""What a benchmark yields, how its repeats become rows, and where they are written."""

import datetime as dt
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from harness.command_line import python_command
from harness.machine import fingerprint
from harness.results import Document, Machine, Record, Results

Sample = tuple[str, str, str]  # case, metric, unit
Measure = Callable[[int], Iterator[Mapping[Sample, float]]]


class Row(Record, frozen=True):
    """The median of a metric over the repeats; `low` and `high` are the least and the greatest."""

    case: str
    metric: str
    value: float
    unit: str
    low: float
    high: float


class Benchmark(Document, frozen=True):
    """`bench/NAME.json`."""

    FILE: ClassVar[str] = "bench/{}.json"
    name: str
    command: str
    machine: Machine
    started: str
    repeats: int
    rows: tuple[Row, ...]


def run(name: str, measure: Measure, repeats: int) -> Benchmark:
    """Measure all cases in turn, `repeats` times over, and return the rows.

    `measure` yields one mapping of sample to value for each repeat: cases interleave, so that a machine whose
    speed drifts is slow for all of them alike.
    """
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    values: dict[Sample, list[float]] = {}
    count = 0
    for found in measure(repeats):
        count += 1
        for sample, value in found.items():
            values.setdefault(sample, []).append(value)
        print(f"{name}: repeat {count} of {repeats}", flush=True)
    return Benchmark(
        name=name,
        command=python_command("-m", "benchmarks", name, "--repeats", str(repeats)),
        machine=fingerprint(),
        started=started,
        repeats=count,
        rows=tuple(_row(sample, found) for sample, found in values.items()),
    )


def _row(sample: Sample, values: Sequence[float]) -> Row:
    case, metric, unit = sample
    low, value, high = (round(figure, 3) for figure in (min(values), statistics.median(values), max(values)))
    return Row(case=case, metric=metric, unit=unit, value=value, low=low, high=high)


def percentiles(case: str, seconds: Sequence[float]) -> dict[Sample, float]:
    """Return p50 and p95 of some durations, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {(case, "p50_ms", "ms"): statistics.median(seconds) * 1000, (case, "p95_ms", "ms"): cuts[18] * 1000}


def publish(benchmark: Benchmark, results: Results) -> None:
    """Write the JSON and print the table."""
    path = results.write(benchmark, benchmark.name)
    machine = benchmark.machine
    print(f"\n{benchmark.name}: median of {benchmark.repeats} repeats (low to high)")
    print(f"{machine.processor}, {machine.cores} cores, {machine.system}, Python {machine.python}")
    for row in benchmark.rows:
        spread = f"({row.low:g} to {row.high:g})"
        print(f"  {row.case:<18} {row.metric:<14} {row.value:>10g} {row.unit:<4} {spread}")
    print(path)
