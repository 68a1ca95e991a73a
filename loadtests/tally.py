"""Adds up what engines tell: seconds of several engines to one, and seconds of a run to its numbers. Pure.

Histograms merge by addition, so merged equals pooled: it does not matter in how many processes, seconds or stages the
requests were counted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from harness.load_records import Arrivals, EndpointLoad
from loadtests.histograms import Histogram
from loadtests.messages import Fates, Second, Series

T = TypeVar("T")


@dataclass
class Load:
    """The requests of one endpoint, or of several together."""

    service: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)
    failures: int = 0
    unanswered: int = 0
    size: int = 0

    @property
    def count(self) -> int:
        """How many requests had an outcome."""
        return self.response.count

    def add(self, series: Series) -> None:
        """Add requests as an engine told them."""
        self.service.add(series.service)
        self.response.add(series.response)
        self._count(series)

    def merge(self, other: "Load") -> None:
        """Add other requests."""
        self.service.add(other.service.cells)
        self.response.add(other.response.cells)
        self._count(other)

    def _count(self, other: "Series | Load") -> None:
        self.failures += other.failures
        self.unanswered += other.unanswered
        self.size += other.size

    def record(self, name: str) -> EndpointLoad:
        """Return it as evidence."""
        return EndpointLoad(
            name=name,
            count=self.count,
            failures=self.failures,
            service_ms=self.service.latency(),
            response_ms=self.response.latency(),
        )


class Part(NamedTuple):
    """What some stages have together."""

    total: Load
    endpoints: Mapping[str, Load]
    arrivals: Arrivals


class Sums:
    """The numbers of some seconds, by stage and endpoint."""

    def __init__(self, seconds: Iterable[Second] = ()) -> None:
        self._loads: dict[tuple[int, str], Load] = {}
        self._fates: dict[int, Counter[str]] = {}
        for second in seconds:
            self.add(second)

    def add(self, second: Second) -> None:
        """Add one second."""
        for series in second.series:
            self._loads.setdefault((series.stage, series.endpoint), Load()).add(series)
        for fates in second.fates:
            counts = self._fates.setdefault(fates.stage, Counter())
            counts.update(started=fates.started, late=fates.late, dropped=fates.dropped)

    def part(self, stages: Collection[int]) -> Part:
        """Return what requests due in these stages have together; endpoints in the order of their names."""
        total, endpoints = Load(), dict[str, Load]()
        for (stage, endpoint), load in sorted(self._loads.items(), key=lambda item: item[0][::-1]):
            if stage in stages:
                endpoints.setdefault(endpoint, Load()).merge(load)
                total.merge(load)
        fates = sum((self._fates.get(stage, Counter()) for stage in stages), Counter())
        intended = fates["started"] + fates["dropped"]
        arrivals = Arrivals(intended=intended, started=fates["started"], dropped=fates["dropped"], late=fates["late"])
        return Part(total, endpoints, arrivals)

    def series(self) -> tuple[Series, ...]:
        """Return every endpoint of every stage, by stage and name."""
        return tuple(
            Series(
                stage=stage,
                endpoint=endpoint,
                failures=load.failures,
                unanswered=load.unanswered,
                size=load.size,
                service=dict(load.service.cells),
                response=dict(load.response.cells),
            )
            for (stage, endpoint), load in sorted(self._loads.items())
        )


def pooled(seconds: Sequence[Second]) -> Second:
    """Return one second of several engines as one of all of them together."""
    if len(seconds) == 1:
        return seconds[0]
    sums = Sums(seconds)
    fates: dict[int, Counter[str]] = {}
    for one in (one for second in seconds for one in second.fates):
        fates.setdefault(one.stage, Counter()).update(started=one.started, late=one.late, dropped=one.dropped)
    return Second(
        second=seconds[0].second,
        fates=tuple(
            Fates(stage=stage, started=counts["started"], late=counts["late"], dropped=counts["dropped"])
            for stage, counts in sorted(fates.items())
        ),
        series=sums.series(),
        errors=dict(_added(second.errors for second in seconds)),
        in_flight=sum(second.in_flight for second in seconds),
        behind=dict(_added(second.behind for second in seconds)),
        lag=dict(_added(second.lag for second in seconds)),
        cpu=max(second.cpu for second in seconds),
        gc_s=max(second.gc_s for second in seconds),
    )


def _added(parts: Iterable[Mapping[T, int]]) -> Counter[T]:
    whole: Counter[T] = Counter()
    for part in parts:
        whole.update(part)
    return whole
