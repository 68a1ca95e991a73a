"""What Prometheus reads; right under several worker processes when PROMETHEUS_MULTIPROC_DIR is set."""

import os
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from reference_app.models import PipelineStatus

BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "unknown"
"""The label of what clients may make up (methods, paths), so that they cannot fill the memory."""


class Metrics:
    """The counters of one application, and the page that shows them."""

    def __init__(self, business: Collector) -> None:
        self._registry = CollectorRegistry()
        self._business = CollectorRegistry()
        self._business.register(business)
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests being answered now.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self._requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._durations_s = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte handled to the response.",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._errors = Counter(
            "http_request_errors", "Requests that met an unexpected error.", ["exception"], registry=self._registry
        )

    def observe(self, method: str, route: str | None, status: int, duration_s: float) -> None:
        """Count one answered request; `route` is the rule's template, None when no rule matched."""
        known_method = method if method in METHODS else UNKNOWN
        known_route = route or UNKNOWN
        self._requests.labels(known_method, known_route, str(status)).inc()
        self._durations_s.labels(known_method, known_route).observe(duration_s)

    def count_error(self, error: BaseException) -> None:
        """Count an error that nothing expected, by its class."""
        self._errors.labels(type(error).__name__).inc()

    def page(self) -> bytes:
        """Return the page in Prometheus's text format, over all live processes."""
        return generate_latest(self._all_processes()) + generate_latest(self._business)

    def _all_processes(self) -> CollectorRegistry:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


class PipelinesByStatus(Collector):
    """Asks the database at each scrape, so that all processes tell the same."""

    def __init__(self, count: Callable[[], Mapping[PipelineStatus, int] | None]) -> None:
        self._count = count

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the counts, or only that there are none to be had."""
        counts = self._count()
        readable = GaugeMetricFamily("pipelines_readable", "Whether the pipelines could be counted.")
        readable.add_metric([], float(counts is not None))
        yield readable
        if counts is not None:
            pipelines = GaugeMetricFamily("pipelines", "Pipelines by status.", labels=["status"])
            for status, number in counts.items():
                pipelines.add_metric([status], number)
            yield pipelines
