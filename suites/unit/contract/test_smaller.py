"""Delta debugging of JSON values."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.contract.findings.smaller import (
    FORMS,
    REQUESTS,
    TIME,
    Budget,
    Reduced,
    reduced,
    simpler,
    smaller,
    without_chunks,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.text("ab", max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=12,
)


def shrink(value: Any, shows: Callable[[Any], bool], budget: Budget | None = None) -> Reduced[Any, bool]:
    budget = budget or Budget(10_000, 60)
    return reduced(value, [smaller], lambda _: True, lambda form: shows(form) or None, budget)


def size(value: Any) -> int:
    """Return how much there is of a value: what every smaller form has less of."""
    if isinstance(value, dict):
        return 1 + sum(1 + size(inner) for inner in value.values())
    if isinstance(value, list):
        return 1 + sum(1 + size(inner) for inner in value)
    return len(value) if isinstance(value, str) else abs(value or 0)


def test_chunks() -> None:
    """Everything is taken away first, then halves, then single items."""
    assert list(without_chunks("abcd")) == ["", "cd", "ab", "bcd", "acd", "abd", "abc"]
    assert list(without_chunks("")) == []


@given(JSON)
def test_forms_are_smaller(value: Any) -> None:
    """Every form of a value is smaller and of its type, so that shrinking ends."""
    for form in smaller(value):
        assert size(form) < size(value)
        assert type(form) is type(value)


@pytest.mark.parametrize(
    ("value", "shows", "smallest"),
    [
        ({"a": 1, "b": {"c": [1, 2, "odd \u00e9 text"]}, "d": None}, lambda one: "\\u" in json.dumps(one), "\u00e9"),
        ([3, 1900, 4], lambda one: any(number >= 1000 for number in one), [1000]),
        ({"x": -77.5, "y": True}, lambda one: "x" in one and one["x"] < -10, {"x": -11}),
        ({"x": True}, lambda one: one.get("x") is not None, {"x": False}),
        ("aXbYc", lambda one: "X" in one and "Y" in one, "XY"),
    ],
)
def test_smallest(value: Any, shows: Callable[[Any], bool], smallest: Any) -> None:
    """What is left is needed: without any part of it, nothing shows."""
    found = shrink(value, shows)
    assert found.bound is None
    assert shows(found.value)
    assert not any(shows(form) for form in smaller(found.value))
    assert str(smallest) in str(found.value)


def test_counts() -> None:
    """What was tried and what was taken is told; no form is tried twice."""
    tried: list[Any] = []
    found = shrink("ab", lambda form: tried.append(form) or "b" in form)
    assert (found.value, found.taken, found.tried) == ("b", 1, len(tried))
    assert sorted(tried) == sorted(set(tried))


def test_unfaithful_forms_cost_nothing() -> None:
    """A form that is not worth a request is not tried."""
    found = reduced("ab", [smaller], lambda form: form != "", lambda _: True, Budget(10, 60))
    assert (len(found.value), found.tried) == (1, 1)


@pytest.mark.parametrize(("budget", "bound"), [(Budget(3, 60), REQUESTS), (Budget(3, -1), TIME)])
def test_bounds(budget: Budget, bound: str) -> None:
    """A search that is ended by its budget says so, and keeps what it has."""
    found = shrink([0] * 9, lambda form: len(form) > 1, budget)
    assert (found.bound, len(found.value) > 1, found.tried <= 3) == (bound, True, True)


def test_too_many_forms() -> None:
    """A search among more forms than anybody waits for ends."""
    assert reduced("ab" * 4000, [smaller], lambda _: False, lambda _: None, Budget(1, 60)).bound == FORMS


def test_large_values_are_not_kept() -> None:
    """What was looked at of a large value takes next to no room."""
    tracemalloc.start()
    try:
        reduced("ab" * 10_000, [smaller], lambda _: False, lambda _: None, Budget(1, 60))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_numbers() -> None:
    """A great number is found to be needlessly great in a few tries, whatever number is great enough."""
    for needed in (0, 1, 2, 77, 2**31, 2**53 - 2):
        found = shrink(2**53 - 1, lambda number, needed=needed: number >= needed)
        assert found.value == needed
    assert shrink(2**53 - 1, lambda number: number >= 1).tried == 2


@pytest.mark.parametrize(
    ("text", "forms"),
    [("5", ["", "0", "1", "2", "3", "4"]), ("-2", ["", "0", "-1"]), ("a-", ["", "-", "a", "0-"]), ("", [])],
)
def test_texts(text: str, forms: list[str]) -> None:
    """A text that is a number gets smaller as one; any other gets shorter, and of zeros at last."""
    assert sorted({*simpler(text)} - {text}) == sorted(forms)


def test_shares() -> None:
    """Who comes later gets no less than his share, and what is not used is left to others."""
    whole = Budget(10, 60)
    first = whole.share(2, most=40, seconds=60)
    assert first.tries == 5
    first.spend()
    assert whole.share(1, most=40, seconds=60).tries == 9
    assert whole.share(1, most=4, seconds=60).tries == 4
