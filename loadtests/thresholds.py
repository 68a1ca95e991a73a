"""Thresholds: one line of text each, parsed here and judged on the merged numbers of a run.

```
threshold  = measure comparison bound ["at" endpoint]
measure    = ("response" | "service") ("p50" | "p90" | "p95" | "p99" | "p99.9" | "max")
           | "failures" | "rate" | "dropped" | "late"
comparison = "<" | "<=" | ">" | ">=" | "=="
bound      = NUMBER unit
unit       = "us" | "ms" | "s"             for response and service times
           | "%" | nothing (a count)       for failures, dropped and late
           | "% of intended" | "/s"        for rate
endpoint   = METHOD NAME, as the summary shows it; not for rate, dropped and late
```

Examples: `response p99 < 250ms`, `service p95 < 100ms at GET /api/pipelines`, `failures < 0.1%`,
`rate > 95% of intended`, `dropped == 0`. A failed request has latencies like any other.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple, TypeVar

from harness.results import Arrivals, EndpointLoad, Status, Threshold

W = TypeVar("W", bound=str)
Measure = Literal["response", "service", "failures", "rate", "dropped", "late"]

MEASURES: tuple[Measure, ...] = ("response", "service", "failures", "rate", "dropped", "late")
LATENCIES = ("response", "service")
ARRIVALS = ("rate", "dropped", "late")
# Field of harness.results.Latency, and how many requests it takes before one of them can lie beyond it.
PERCENTILES = {
    "p50": ("p50", 2),
    "p90": ("p90", 10),
    "p95": ("p95", 20),
    "p99": ("p99", 100),
    "p99.9": ("p999", 1000),
    "max": ("max", 1),
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_TIME_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_SHARE_UNITS = {"%": 0.01, "": 1.0}
_RATE_UNITS = {"% of intended": 0.01, "/s": 1.0}


class ThresholdError(ValueError):
    """A threshold that cannot be read; `column` counts from 1."""

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(f"column {column}: expected {expected}")
        self.column = column


class Rule(NamedTuple):
    """A parsed threshold; `bound` is in milliseconds, a share of 1, a count, or requests per second."""

    measure: Measure
    percentile: str
    comparison: str
    bound: float
    unit: str
    endpoint: str | None


class Evidence(NamedTuple):
    """What thresholds are judged on: measured stages only. `intended_s` and `seconds` are planned and real time."""

    total: EndpointLoad
    endpoints: tuple[EndpointLoad, ...]
    arrivals: Arrivals
    intended_s: float
    seconds: float


class _Reader:
    """Reads a line from left to right; errors carry the column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def one_of(self, words: Iterable[W]) -> W:
        """Read one of some words; the empty word, if among them, matches before `at` and at the end."""
        self._skip_blanks()
        for word in sorted(words, key=len, reverse=True):
            if (match := re.compile(_as_pattern(word)).match(self.text, self.position)) is not None:
                self.position = match.end()
                return word
        raise ThresholdError(self.position + 1, _listed(words))

    def number(self) -> float:
        """Read a number."""
        self._skip_blanks()
        match = re.compile(r"\d+(\.\d+)?").match(self.text, self.position)
        if match is None:
            raise ThresholdError(self.position + 1, "a number")
        self.position = match.end()
        return float(match[0])

    def rest(self) -> str:
        """Read what is left."""
        self._skip_blanks()
        rest, self.position = self.text[self.position :].rstrip(), len(self.text)
        return rest

    def at_end(self) -> bool:
        """Whether nothing is left."""
        self._skip_blanks()
        return self.position == len(self.text)

    def _skip_blanks(self) -> None:
        while self.text[self.position : self.position + 1] == " ":
            self.position += 1


def parse(text: str) -> Rule:
    """Parse a threshold.

    Raises:
        ThresholdError: names the column, and what was expected there.

    """
    reader = _Reader(text)
    measure = reader.one_of(MEASURES)
    percentile = reader.one_of(PERCENTILES) if measure in LATENCIES else ""
    comparison = reader.one_of(COMPARISONS)
    number = reader.number()
    units = _units_of(measure)
    unit = reader.one_of(units)
    endpoint = _endpoint(reader, measure)
    return Rule(measure, percentile, comparison, number * units[unit], unit, endpoint)


def judge(text: str, evidence: Evidence) -> Threshold:
    """Judge one threshold; it is inconclusive where the numbers do not suffice to say either."""
    rule = parse(text)
    load = evidence.total
    if rule.endpoint is not None:
        found = [endpoint for endpoint in evidence.endpoints if endpoint.name == rule.endpoint]
        if not found:
            reached = ", ".join(endpoint.name for endpoint in evidence.endpoints) or "none"
            return Threshold(
                expression=text, status=Status.INCONCLUSIVE, observed=f"no request of it; there were: {reached}"
            )
        load = found[0]
    needed = PERCENTILES[rule.percentile][1] if rule.percentile else 1
    if load.count < needed:
        seen = f"{load.count} requests; {rule.percentile or rule.measure} needs {needed} or more"
        return Threshold(expression=text, status=Status.INCONCLUSIVE, observed=seen)
    value, observed = _observe(rule, load, evidence)
    holds = COMPARISONS[rule.comparison](value, rule.bound)
    return Threshold(expression=text, status=Status.PASS if holds else Status.FAIL, observed=observed)


def _endpoint(reader: _Reader, measure: Measure) -> str | None:
    if reader.at_end():
        return None
    column = reader.position + 1
    if measure in ARRIVALS:
        raise ThresholdError(column, f"nothing more: {measure} is of the whole run")
    reader.one_of(["at"])
    if reader.at_end():
        raise ThresholdError(reader.position + 1, "an endpoint, as in `at GET /api/items`")
    return reader.rest()


def _units_of(measure: Measure) -> Mapping[str, float]:
    if measure in LATENCIES:
        return _TIME_UNITS
    return _RATE_UNITS if measure == "rate" else _SHARE_UNITS


def _observe(rule: Rule, load: EndpointLoad, evidence: Evidence) -> tuple[float, str]:
    """Return the value in the unit of the rule's bound, and a sentence with the sample size."""
    if rule.measure in LATENCIES:
        latency = load.response_ms if rule.measure == "response" else load.service_ms
        value = float(getattr(latency, PERCENTILES[rule.percentile][0]))
        return value, f"{value:.4g} ms of {load.count} requests"
    if rule.measure == "rate":
        return _observe_rate(rule, evidence)
    intended = evidence.arrivals.intended
    count, whole = {
        "failures": (load.failures, load.count),
        "dropped": (evidence.arrivals.dropped, intended),
        "late": (evidence.arrivals.late, intended),
    }[rule.measure]
    return count / whole if rule.unit == "%" else count, f"{count} of {whole} ({count / whole:.3%})"


def _observe_rate(rule: Rule, evidence: Evidence) -> tuple[float, str]:
    achieved = evidence.total.count / evidence.seconds
    intended = evidence.arrivals.intended / evidence.intended_s
    shown = f"{achieved:.4g}/s of {intended:.4g}/s over {evidence.seconds:.1f} s ({achieved / intended:.1%})"
    return achieved / intended if rule.unit == "% of intended" else achieved, shown


def _as_pattern(word: str) -> str:
    """Return a pattern for a word: it ends where no letter or digit follows; blanks inside it may be several."""
    pattern = re.escape(word).replace(r"\ ", " +")
    return pattern + (r"(?![\w.])" if word[-1:].isalnum() else "") if word else r"(?=at\b|$)"


def _listed(words: Iterable[str]) -> str:
    named = [f"`{word}`" for word in words if word]
    return " or ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
