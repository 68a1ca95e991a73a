"""Waiting ends when the condition holds, when the deadline is over, or when something unexpected happens."""

import pytest

from harness.errors import TimedOut
from harness.wait import wait_for


def test_returns_what_was_found() -> None:
    """The first true value is the answer."""
    answers = iter([None, 0, "ready"])
    assert wait_for(lambda: next(answers), what="readiness", timeout_s=60) == "ready"


def test_named_errors_mean_not_yet() -> None:
    """Errors that were named as transient are waited out."""
    answers = iter([ConnectionError("refused"), "ready"])

    def probe() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait_for(probe, what="an answer", timeout_s=60, transient=(ConnectionError,)) == "ready"


def test_other_errors_are_not_swallowed() -> None:
    """An error that was not named ends the wait at once."""

    def probe() -> None:
        raise KeyError("surprise")

    with pytest.raises(KeyError, match="surprise"):
        wait_for(probe, what="an answer", timeout_s=60, transient=(ConnectionError,))


def test_deadline_says_what_and_why() -> None:
    """After the deadline the message says what was awaited and what came last."""

    def probe() -> None:
        raise ConnectionError("refused")

    with pytest.raises(TimedOut, match=r"an answer: not within 0\.01 s: refused"):
        wait_for(probe, what="an answer", timeout_s=0.01, transient=(ConnectionError,))


def test_pauses_grow_to_the_longest() -> None:
    """Between two looks it pauses as it was told to, longer each time up to the longest."""
    answers, pauses = iter([None, None, None, "ready"]), list[float]()
    wait_for(
        lambda: next(answers),
        what="readiness",
        timeout_s=60,
        interval_s=1,
        longest_interval_s=2,
        pause=pauses.append,
    )
    assert pauses == [1, 2, 2]


def test_last_chance_after_the_deadline() -> None:
    """The probe runs even when the deadline has passed already: late is not the same as never."""
    assert wait_for(lambda: "ready", what="readiness", timeout_s=0) == "ready"
