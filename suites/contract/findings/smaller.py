"""Smaller forms of a JSON value, and how to find a smallest one that still shows something. Pure.

Delta debugging: what is left when one chunk is taken away, chunks of half the length first (`ddmin` of Zeller and
Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002), and in a tree the upper levels
first (Misherghi and Su, HDD: Hierarchical Delta Debugging, ICSE 2006). Hypothesis's shrinker shrinks what its own draws
have made, not a value that is given, and does not let requests be counted.
"""

import hashlib
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S", bound=Sequence[Any])

DEEPEST = 30
"""Values inside values are shrunk to here; a service that wants more is not shrunk further."""
MOST_FORMS = 5000
"""How many forms are looked at for one value, sent or not."""
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,300}")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
REQUESTS, TIME, FORMS = "requests", "time", "forms"


def without_chunks(items: S) -> Iterator[S]:
    """Yield what is left of some items without all of them, without each half, each quarter, … each one."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]  # type: ignore[operator]  # slices are of the same kind
        size //= 2


def smaller(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield forms of a JSON value that are smaller, of the same type, the greatest steps first."""
    if depth > DEEPEST:
        return
    if isinstance(value, bool):
        yield from [False] * value
    elif isinstance(value, int | float):
        yield from _smaller_numbers(value)
    elif isinstance(value, str):
        yield from without_chunks(value)
    elif isinstance(value, list):
        yield from without_chunks(value)
        for at, item in enumerate(value):
            yield from ([*value[:at], form, *value[at + 1 :]] for form in smaller(item, depth + 1))
    elif isinstance(value, dict):
        yield from map(dict, without_chunks(list(value.items())))
        for name, inner in value.items():
            yield from ({**value, name: form} for form in smaller(inner, depth + 1))


def _smaller_numbers(value: float) -> Iterator[float]:
    """Yield zero, one, numbers of fewer and fewer digits less, then nearer ones; of a fraction the whole number."""
    if isinstance(value, float):
        yield from [int(value)] if math.isfinite(value) else [0]
        return
    sign, size = -1 if value < 0 else 1, abs(value)
    bits = size.bit_length()
    yield from (sign * (size >> shift) for shift in (bits, bits - 1)[:bits])
    yield from (sign * (size >> shift) for shift in _halves(bits // 2))
    yield from (sign * (size - step) for step in _halves(size // 2))


def _halves(number: int) -> Iterator[int]:
    """Yield a number, its half, its quarter, ... one."""
    while number:
        yield number
        number //= 2


def simpler(text: str) -> Iterator[str]:
    """Yield forms of a text that is not read as JSON: of a number smaller ones, of anything else shorter ones.

    At last each letter and digit is a zero: of an id that has to be as long as it is.
    """
    if _WHOLE_NUMBER.fullmatch(text):
        yield ""
        yield from map(str, _smaller_numbers(int(text)))
        return
    yield from without_chunks(text)
    yield _LETTER_OR_DIGIT.sub("0", text)


class Budget:
    """How many tries there are left, and until when; one that has a parent spends of that too."""

    def __init__(self, tries: int, seconds: float, parent: "Budget | None" = None) -> None:
        self.tries = tries
        self._ends = time.monotonic() + seconds
        self._parent = parent

    def share(self, among: int, most: int, seconds: float) -> "Budget":
        """Return a part for one of so many that are still to come, which is never more than `most`."""
        return Budget(min(most, self.tries // max(1, among)), seconds, self)

    def spend(self) -> None:
        """Take one try."""
        self.tries -= 1
        if self._parent:
            self._parent.spend()

    @property
    def spent(self) -> str | None:
        """What is used up, if anything is."""
        if self.tries <= 0:
            return REQUESTS
        return TIME if time.monotonic() > self._ends else self._parent.spent if self._parent else None


class Reduced(msgspec.Struct, Generic[T, R], frozen=True):
    """The smallest value that was found; what it showed (None: it is the first one); which bound ended the search."""

    value: T
    shown: R | None
    tried: int
    taken: int
    bound: str | None


def reduced(
    first: T,
    passes: Sequence[Callable[[T], Iterable[T]]],
    is_faithful: Callable[[T], bool],
    show: Callable[[T], R | None],
    budget: Budget,
) -> Reduced[T, R]:
    """Take the first smaller form that shows the same, and again, until no pass finds one or the budget is spent.

    A pass yields smaller forms of a value; passes go round until one round has taken nothing. `is_faithful` costs
    nothing and comes before `show`, which costs one try. No form is looked at twice.
    """
    search = _Search(first, is_faithful, show, budget)
    while True:
        taken = search.taken
        for forms in passes:
            if bound := search.go(forms):
                return search.found(bound)
        if search.taken == taken:
            return search.found(None)


def _digest(form: object) -> bytes:
    """Return what tells a form from others: forms of a body of a megabyte are not to be kept by the thousand."""
    return hashlib.blake2b(msgspec.json.encode(form), digest_size=16).digest()


class _Search(Generic[T, R]):
    def __init__(
        self, first: T, is_faithful: Callable[[T], bool], show: Callable[[T], R | None], budget: Budget
    ) -> None:
        self._value, self._shown, self._tried, self.taken = first, None, 0, 0
        self._is_faithful, self._show, self._budget = is_faithful, show, budget
        self._seen = {_digest(first)}

    def go(self, forms: Callable[[T], Iterable[T]]) -> str | None:
        """Take forms of the value until none of them shows the same; return the bound that ended it before."""
        pending = iter(forms(self._value))
        while (form := next(pending, None)) is not None:
            key = _digest(form)
            if key in self._seen:
                continue
            if bound := self._budget.spent or (FORMS if len(self._seen) > MOST_FORMS else None):
                return bound
            self._seen.add(key)
            if self._is_faithful(form) and self._shows(form):
                pending = iter(forms(form))
        return None

    def _shows(self, form: T) -> bool:
        self._budget.spend()
        self._tried += 1
        shown = self._show(form)
        if shown is not None:
            self._value, self._shown, self.taken = form, shown, self.taken + 1
        return shown is not None

    def found(self, bound: str | None) -> Reduced[T, R]:
        return Reduced(self._value, self._shown, self._tried, self.taken, bound)
