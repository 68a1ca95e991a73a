"""The grammar of thresholds, and how they are judged."""

import pytest

from harness.results import Arrivals, EndpointLoad, Latency, Status
from loadtests.thresholds import Evidence, Rule, ThresholdError, judge, parse


def load(name: str = "total", count: int = 1000, failures: int = 0, p99: float = 200.0) -> EndpointLoad:
    """Return a load with these numbers."""
    latency = Latency(p50=10.0, p90=50.0, p95=90.0, p99=p99, p999=300.0, max=400.0)
    return EndpointLoad(name=name, count=count, failures=failures, service_ms=latency, response_ms=latency)


def evidence(total: EndpointLoad, *endpoints: EndpointLoad) -> Evidence:
    """Return evidence of ten seconds in which 1000 requests were intended, five dropped and seven late."""
    arrivals = Arrivals(intended=1000, started=995, dropped=5, late=7)
    return Evidence(total, endpoints, arrivals, intended_s=10.0, seconds=10.0)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("response p99 < 250ms", Rule("response", "p99", "<", 250.0, "ms", None)),
        ("service p99.9 <= 1.5 s", Rule("service", "p99.9", "<=", 1500.0, "s", None)),
        ("response max<800us at GET /a b", Rule("response", "max", "<", 0.8, "us", "GET /a b")),
        ("failures < 0.1%", Rule("failures", "", "<", 0.001, "%", None)),
        ("failures == 0 at POST /x", Rule("failures", "", "==", 0.0, "", "POST /x")),
        ("rate > 95% of intended", Rule("rate", "", ">", 0.95, "% of intended", None)),
        ("rate >= 40/s", Rule("rate", "", ">=", 40.0, "/s", None)),
        ("dropped == 0", Rule("dropped", "", "==", 0.0, "", None)),
    ],
)
def test_parse(text: str, rule: Rule) -> None:
    """Each form of the grammar is read."""
    parsed = parse(text)
    assert pytest.approx(rule.bound) == parsed.bound
    assert rule._replace(bound=0) == parsed._replace(bound=0)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "`response`"),
        ("respnse p99 < 1s", 1, "`response`"),
        ("response p98 < 1s", 10, "`p99`"),
        ("response p99 = 1s", 14, "`<=`"),
        ("response p99 < fast", 16, "a number"),
        ("response p99 < 250", 19, "`ms`"),
        ("response p99 < 250 minutes", 20, "`ms`"),
        ("failures < 1 %%", 15, "`at`"),
        ("rate > 95%", 10, "`% of intended`"),
        ("response p99 < 1s in GET /", 19, "`at`"),
        ("response p99 < 1s at ", 22, "an endpoint"),
        ("dropped == 0 at GET /", 14, "nothing more"),
    ],
)
def test_column(text: str, column: int, expected: str) -> None:
    """A mistake is pointed at by its column, with what would be right there."""
    with pytest.raises(ThresholdError) as caught:
        parse(text)
    assert (column, True) == (caught.value.column, expected in str(caught.value))


@pytest.mark.parametrize(
    ("text", "status", "observed"),
    [
        ("response p99 < 250ms", Status.PASS, "200 ms of 1000 requests"),
        ("response p99 < 200ms", Status.FAIL, "200 ms of 1000 requests"),
        ("response p99 < 150ms at GET /a", Status.PASS, "100 ms of 200 requests"),
        ("failures <= 2%", Status.PASS, "20 of 1000 (2.000%)"),
        ("failures < 20", Status.FAIL, "20 of 1000 (2.000%)"),
        ("rate > 95% of intended", Status.PASS, "100/s of 100/s over 10.0 s (100.0%)"),
        ("dropped == 0", Status.FAIL, "5 of 1000 (0.500%)"),
        ("late < 1%", Status.PASS, "7 of 1000 (0.700%)"),
    ],
)
def test_judge(text: str, status: Status, observed: str) -> None:
    """A threshold is judged on the right number, which is shown with its sample size."""
    threshold = judge(text, evidence(load(failures=20), load("GET /a", count=200, p99=100.0)))
    assert (status, observed) == (threshold.status, threshold.observed)


def test_too_few() -> None:
    """A percentile of too few requests says nothing."""
    threshold = judge("response p99 < 1s", evidence(load(count=99)))
    assert (threshold.status, threshold.observed) == (Status.INCONCLUSIVE, "99 requests; p99 needs 100 or more")


def test_unknown_endpoint() -> None:
    """An endpoint that no request reached says nothing; those that were reached are named."""
    threshold = judge("failures == 0 at GET /b", evidence(load(), load("GET /a")))
    assert (threshold.status, threshold.observed) == (Status.INCONCLUSIVE, "no request of it; there were: GET /a")
