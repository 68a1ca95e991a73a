"""Thresholds: one line of text each, parsed here; `loadtests.judging` judges them on the merged numbers of a run.

```
threshold  = measure comparison bound ["at" endpoint] ["in stage" stage] ["for" NUMBER "s"] ["abort"]
measure    = ("response" | "service") ("mean" | "p50" | "p90" | "p95" | "p99" | "p99.9" | "max")
           | "failures" | "rate" | "dropped" | "late"
comparison = "<" | "<=" | ">" | ">=" | "=="
bound      = NUMBER unit
unit       = "us" | "ms" | "s"             for response and service times
           | "%" | nothing (a count)       for failures, dropped and late
           | "% of intended" | "/s"        for rate
endpoint   = METHOD NAME, as the summary shows it; not for rate, dropped and late
stage      = the name of a stage, or its number from 0
```

Examples: `response p99 < 250ms`, `service p95 < 100ms at GET /api/pipelines`, `failures < 0.1%`, `rate > 95% of
intended in stage steady`, `response p99 < 1s for 10s abort`, `dropped == 0`.

A failed request has latencies like any other. With `for 10s` the threshold must hold in every stretch of ten seconds
(each second begins one), counted by when answers came; without it, in all that was measured together. With `abort`
the run ends as soon as it does not hold.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple, TypeVar

W = TypeVar("W", bound=str)
Measure = Literal["response", "service", "failures", "rate", "dropped", "late"]

MEASURES: tuple[Measure, ...] = ("response", "service", "failures", "rate", "dropped", "late")
LATENCIES = ("response", "service")
ARRIVALS = ("rate", "dropped", "late")
OPEN_ONLY = ("dropped", "late")
INTENDED = "% of intended"


class Quantity(NamedTuple):
    """What of a latency is judged: a share of all requests, and how many it takes before one can lie beyond it."""

    share: float
    needed: int


MEAN = "mean"
QUANTITIES = {
    MEAN: Quantity(0.0, 1),
    "p50": Quantity(0.50, 2),
    "p90": Quantity(0.90, 10),
    "p95": Quantity(0.95, 20),
    "p99": Quantity(0.99, 100),
    "p99.9": Quantity(0.999, 1000),
    "max": Quantity(1.0, 1),
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
# Exact, so that a bound is the float nearest to what is written: 95 * 0.01 is not 0.95, nor 0.129 * 1000 129.
_TIME_UNITS = {"us": Fraction(1, 1000), "ms": Fraction(1), "s": Fraction(1000)}
_SHARE_UNITS = {"%": Fraction(1, 100), "": Fraction(1)}
_RATE_UNITS = {INTENDED: Fraction(1, 100), "/s": Fraction(1)}
_CLAUSES = ("at", "in stage", "for", "abort")


class ThresholdError(ValueError):
    """A threshold that cannot be read; `column` counts from 1."""

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(f"column {column}: expected {expected}")
        self.column = column


class Rule(NamedTuple):
    """A parsed threshold; `bound` is in milliseconds, a share of 1, a count, or requests per second.

    The columns say where a word stands, for messages about what only the profile can know.
    """

    text: str
    measure: Measure
    quantity: str
    comparison: str
    bound: float
    unit: str
    endpoint: str | None = None
    stage: str | None = None
    window_s: int | None = None
    abort: bool = False
    unit_column: int = 0
    stage_column: int = 0
    window_column: int = 0

    @property
    def needed(self) -> int:
        """How many requests it takes to judge it."""
        return QUANTITIES[self.quantity].needed if self.quantity else 1

    def holds(self, value: float) -> bool:
        """Whether a value, in the unit of the bound, is on the right side of it."""
        return COMPARISONS[self.comparison](value, self.bound)


class _Reader:
    """Reads a line from left to right; errors carry the column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._position = 0

    @property
    def column(self) -> int:
        """Where the next word begins, from 1."""
        self._skip_blanks()
        return self._position + 1

    def one_of(self, words: Iterable[W]) -> W:
        """Read one of some words; the empty word, if among them, matches before a clause and at the end."""
        words = list(words)
        for word in sorted(words, key=len, reverse=True):
            if (match := re.compile(_as_pattern(word)).match(self.text, self.column - 1)) is not None:
                self._position = match.end()
                return word
        raise ThresholdError(self.column, _listed(words))

    def matching(self, pattern: str, expected: str) -> str:
        """Read what matches a pattern."""
        match = re.compile(pattern).match(self.text, self.column - 1)
        if match is None:
            raise ThresholdError(self.column, expected)
        self._position = match.end()
        return match[0]

    def number(self) -> Fraction:
        """Read a number."""
        return Fraction(self.matching(r"\d+(\.\d+)?", "a number"))

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.column > len(self.text)

    def _skip_blanks(self) -> None:
        while self.text[self._position : self._position + 1] == " ":
            self._position += 1


def parse(text: str) -> Rule:
    """Parse a threshold.

    Raises:
        ThresholdError: names the column, and what was expected there.

    """
    reader = _Reader(text)
    measure = reader.one_of(MEASURES)
    quantity = reader.one_of(QUANTITIES) if measure in LATENCIES else ""
    comparison = reader.one_of(COMPARISONS)
    number, units, unit_column = reader.number(), _units_of(measure), reader.column
    unit = reader.one_of(units)
    rule = Rule(text, measure, quantity, comparison, float(number * units[unit]), unit, unit_column=unit_column)
    return _clauses(reader, rule)


def _clauses(reader: _Reader, rule: Rule) -> Rule:
    """Read what may follow the bound: each clause once, in the order of the grammar."""
    left = list(_CLAUSES)
    while not reader.at_end():
        column = reader.column
        clause = reader.one_of(left)
        del left[: left.index(clause) + 1]
        if clause == "at" and rule.measure in ARRIVALS:
            raise ThresholdError(
                column, f"{_listed(left)}, or nothing more: {rule.measure} is of all endpoints together"
            )
        rule = _CLAUSE_READERS[clause](reader, rule)
        if not left and not reader.at_end():
            raise ThresholdError(reader.column, "nothing more")
    return rule


def _read_endpoint(reader: _Reader, rule: Rule) -> Rule:
    words = reader.matching(r"\S+( +(?!(in stage|for \d|abort\b))\S+)*", "an endpoint, as in `at GET /api/items`")
    return rule._replace(endpoint=" ".join(words.split()))


def _read_stage(reader: _Reader, rule: Rule) -> Rule:
    column = reader.column
    return rule._replace(stage=reader.matching(r"\S+", "the name of a stage"), stage_column=column)


def _read_window(reader: _Reader, rule: Rule) -> Rule:
    column = reader.column
    seconds = int(reader.matching(r"[1-9]\d*(?= *s\b)", "whole seconds, as in `for 10s`"))
    reader.one_of(["s"])
    return rule._replace(window_s=seconds, window_column=column)


def _read_abort(_reader: _Reader, rule: Rule) -> Rule:
    return rule._replace(abort=True)


_CLAUSE_READERS: Mapping[str, Callable[[_Reader, Rule], Rule]] = {
    "at": _read_endpoint,
    "in stage": _read_stage,
    "for": _read_window,
    "abort": _read_abort,
}


def _units_of(measure: Measure) -> Mapping[str, Fraction]:
    if measure in LATENCIES:
        return _TIME_UNITS
    return _RATE_UNITS if measure == "rate" else _SHARE_UNITS


def _as_pattern(word: str) -> str:
    """Return a pattern for a word: it ends where no letter or digit follows; blanks inside it may be several."""
    pattern = re.escape(word).replace(r"\ ", " +")
    if not word:
        return rf"(?=({'|'.join(_CLAUSES)})\b|$)"
    return pattern + (r"(?![\w.])" if word[-1].isalnum() else "")


def _listed(words: Iterable[str]) -> str:
    named = [f"`{word}`" for word in words if word]
    return " or ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)
