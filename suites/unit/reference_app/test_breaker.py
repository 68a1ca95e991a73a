"""The breaker: after a failure one caller in a while tries, the others know already."""

from reference_app.breaker import Breaker
from suites.unit.reference_app.still_clock import StillClock


def test_closed() -> None:
    """While nothing failed everybody may try."""
    breaker = Breaker(1, StillClock())
    assert [breaker.may_try() for _ in range(3)] == [True, True, True]


def test_after_failure() -> None:
    """After a failure nobody may for a while, and then one at a time."""
    clock = StillClock()
    breaker = Breaker(1, clock)
    breaker.failed()
    assert (breaker.is_shut, breaker.may_try()) == (True, False)
    clock.now_s = 1
    assert [breaker.may_try() for _ in range(3)] == [True, False, False]
    clock.now_s = 2
    assert breaker.may_try()


def test_turn() -> None:
    """Who tries is waited for; when that fails, the next turn is as near as after any failure."""
    clock = StillClock()
    breaker = Breaker(1, clock, turn_s=5)
    breaker.failed()
    clock.now_s = 1
    assert breaker.may_try()
    clock.now_s = 5
    assert not breaker.may_try()
    breaker.failed()
    clock.now_s = 6
    assert breaker.may_try()


def test_after_success() -> None:
    """After a success everybody may again."""
    breaker = Breaker(1, StillClock())
    breaker.failed()
    breaker.worked()
    assert (breaker.is_shut, breaker.may_try()) == (False, True)
