"""The checker of histories, on those whose answer is known."""

import math
import random
from collections.abc import Iterable
from itertools import permutations

import pytest

from suites.properties.linearizability import History, counterexample, is_linearizable, told
from suites.properties.register_operations import Changed, Operation, Read, Refused, Register, State, Unanswered

START = Register(1, "start")
A2, B2, B3 = Register(2, "a"), Register(2, "b"), Register(3, "b")
NEVER_ANSWERED = Unanswered("a", 0, math.inf, None, "a")


def change(called_s: float, answered_s: float, value: str, version: int, expected: int | None = None) -> Changed:
    return Changed(f"writer of {value}", called_s, answered_s, expected, value, version)


def read(called_s: float, answered_s: float, seen: Register) -> Read:
    return Read("reader", called_s, answered_s, seen)


EXPLAINED: dict[str, History] = {
    "nothing": [],
    "one after the other": [change(0, 1, "a", 2), read(2, 3, A2)],
    "a read that overlaps sees the old": [change(0, 3, "a", 2), read(1, 2, START)],
    "a read that overlaps sees the new": [change(0, 3, "a", 2), read(1, 2, A2)],
    "two at once, one refused": [change(0, 3, "a", 2, 1), Refused("b", 1, 2, 1)],
    "overlapping changes in the other order": [change(0, 9, "b", 3), change(1, 8, "a", 2), read(10, 11, B3)],
    "no answer, with effect later": [NEVER_ANSWERED, read(1, 2, START), read(3, 4, A2)],
    "no answer, never an effect": [NEVER_ANSWERED, read(5, 6, START)],
}
CONTRADICTIONS: dict[str, tuple[History, int]] = {
    "stale read": ([change(0, 1, "a", 2), read(2, 3, START)], 2),
    "lost update": ([change(0, 3, "a", 2, 1), change(1, 2, "b", 3, 1)], 1),
    "two changes made the same version": ([change(0, 3, "a", 2, 1), change(1, 2, "b", 2, 1)], 2),
    "back again": ([change(0, 9, "a", 2), read(1, 2, A2), read(3, 4, START)], 2),
    "never written": ([change(0, 1, "a", 2), read(0, 3, B2)], 1),
    "refused without a reason": ([Refused("b", 0, 1, 1), change(2, 3, "a", 2)], 2),
    "two values of one version": ([change(0, 9, "a", 2), change(0, 9, "b", 3), read(1, 2, A2), read(1, 2, B2)], 2),
    "a change that nobody made": ([change(0, 1, "a", 2), change(2, 3, "b", 4)], 2),
}


@pytest.mark.parametrize("history", EXPLAINED.values(), ids=EXPLAINED)
def test_explained(history: History) -> None:
    """A history that some order explains is linearizable, and has no counterexample."""
    assert is_linearizable(history, START)
    assert counterexample(history, START) == []


@pytest.mark.parametrize(("history", "size"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradiction(history: History, size: int) -> None:
    """A history that no order explains is found, and so are the fewest operations that contradict each other."""
    found = counterexample(history, START)
    assert len(found) == size
    assert set(found) <= set(history)


def test_needle_in_a_haystack() -> None:
    """Of a long history with one stale read, the counterexample shows the change that it missed and the read."""
    history: list[Operation] = []
    for version in range(2, 42):
        history += [change(version, version + 0.5, f"value-{version}", version, version - 1)]
        history += [read(version + 0.6, version + 0.9, Register(version, f"value-{version}"))] * (version != 20)
    stale = read(20.6, 20.9, Register(19, "value-19"))
    found = counterexample([*history, stale], START)
    assert is_linearizable(history, START)
    assert (found[-1], len(found)) == (stale, 2)
    assert "reads version 19 (value-19)" in told(found)


def test_agrees_with_all_orders() -> None:
    """On many small histories, good and bad, the search says what trying every order says."""
    chance = random.Random(1)  # noqa: S311 - the same histories in every run
    verdicts = set()
    for _ in range(400):
        history = [made_up(chance) for _ in range(chance.randint(1, 5))]
        verdict = any(explains(order, START) for order in permutations(history))
        assert is_linearizable(history, START) == verdict, told(history)
        assert (counterexample(history, START) == []) == verdict
        verdicts.add(verdict)
    assert verdicts == {True, False}


def made_up(chance: random.Random) -> Operation:
    """Return any operation, possible or not."""
    called_s = chance.uniform(0, 4)
    answered_s = called_s + chance.uniform(0, 3)
    value, version = chance.choice([("start", 1), ("a", 2), ("b", 2), ("b", 3)])
    expected = chance.choice([None, 1, 2])
    return chance.choice(
        [
            Read("r", called_s, answered_s, Register(version, value)),
            Changed("c", called_s, answered_s, expected, value, max(version, 2)),
            Refused("f", called_s, answered_s, version),
            Unanswered("u", called_s, math.inf, expected, value),
        ]
    )


def explains(order: Iterable[Operation], start: State) -> bool:
    """Return whether this order keeps that of the calls, and leads somewhere."""
    ordered = list(order)
    if any(later.answered_s < each.called_s for place, each in enumerate(ordered) for later in ordered[place:]):
        return False
    states = {start}
    for each in ordered:
        states = {following for state in states for following in each.after(state)}
    return bool(states)
