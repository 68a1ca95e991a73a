"""What Prometheus reads; right under several worker processes when PROMETHEUS_MULTIPROC_DIR is set."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from reference_app.models import PipelineStatus

BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
WAIT_BUCKETS_S = (0.001, 0.01, 0.1, 1.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "unknown"
"""The label of what clients may make up (methods, paths), so that they cannot fill the memory."""


class Metrics:
    """The counters of one application, and the page that shows them.

    Children of labelled metrics are looked up through `functools.cache`: asking prometheus_client for
    them costs more than counting does.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._business = CollectorRegistry()
        self.in_flight = self._gauge("http_requests_in_flight", "Requests being answered now.")
        self._requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        durations_s = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte handled to the response.",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._durations_s = cache(durations_s.labels)
        self._errors = self._counter("http_request_errors", "Requests that met an unexpected error.", "exception")
        self._lookups = self._counter("cache_lookups", "Answers by what the cache had to say.", "kind", "result")
        self._fills = self._counter("cache_fills", "Answers that were computed for the cache.", "kind")
        self.cache_write_failures = self._counter("cache_write_failures", "Invalidations that Redis did not take.")()
        self.redis_failures = self._counter("redis_failures", "Questions that Redis did not answer.")()
        self._refusals = self._counter("rate_limit_refusals", "Requests beyond a limit.", "endpoint")
        self.rate_limit_fallbacks = self._counter(
            "rate_limit_fallbacks", "Requests whose limits were counted in memory, because Redis did not answer."
        )()
        self._rate_limit_storage = Gauge(
            "rate_limit_storage",
            "Processes that count limits there.",
            ["storage"],
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.connections_in_use = self._gauge("database_connections_in_use", "Postgres connections at work.")
        self.connections_open = self._gauge("database_connections_open", "Postgres connections, also idle ones.")
        self.connections_allowed = self._gauge("database_connections_allowed", "The size of the pools.")
        self.connection_waits_s = Histogram(
            "database_connection_wait_seconds",
            "Time until the pool had a connection.",
            buckets=WAIT_BUCKETS_S,
            registry=self._registry,
        )
        self.connection_timeouts = self._counter(
            "database_connection_timeouts", "Requests that the pool had none for."
        )()

    def add_business(self, business: Collector) -> None:
        """Show what `business` collects at each scrape, as the same for all processes."""
        self._business.register(business)

    def observe(self, method: str, route: str | None, status: int, duration_s: float) -> None:
        """Count one answered request; `route` is the rule's template, None when no rule matched."""
        known_method = method if method in METHODS else UNKNOWN
        known_route = route or UNKNOWN
        self._requests(known_method, known_route, str(status)).inc()
        self._durations_s(known_method, known_route).observe(duration_s)

    def count_error(self, error: BaseException) -> None:
        """Count an error that nothing expected, by its class."""
        self._errors(type(error).__name__).inc()

    def count_lookup(self, kind: str, result: str) -> None:
        """Count one answer of the cache; `result` is what X-Cache says, in lower case."""
        self._lookups(kind, result).inc()

    def count_fill(self, kind: str) -> None:
        """Count one answer that was computed for the cache."""
        self._fills(kind).inc()

    def count_refusal(self, endpoint: str) -> None:
        """Count one request beyond a limit."""
        self._refusals(endpoint).inc()

    def show_limit_storage(self, present: str, past: str) -> None:
        """Tell where this process counts limits now, and where it does not any more."""
        self._rate_limit_storage.labels(past).set(0)
        self._rate_limit_storage.labels(present).set(1)

    def page(self) -> bytes:
        """Return the page in Prometheus's text format, over all live processes."""
        return generate_latest(self._all_processes()) + generate_latest(self._business)

    def _counter(self, name: str, meaning: str, *labels: str) -> Callable[..., Counter]:
        counter = Counter(name, meaning, labels, registry=self._registry)
        return cache(counter.labels) if labels else lambda: counter

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, multiprocess_mode="livesum", registry=self._registry)

    def _all_processes(self) -> CollectorRegistry:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


class PipelinesByStatus(Collector):
    """Tells the counts that `count` returns, None when they cannot be had."""

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
