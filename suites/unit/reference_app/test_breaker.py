"""The breaker: after a failure one caller in a while tries, the others know already."""

from reference_app.breaker import Breaker


class Clock:
    """A clock that stands still until it is set."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def test_closed() -> None:
    """While nothing failed everybody may try."""
    breaker = Breaker(1, Clock())
    assert [breaker.may_try() for _ in range(3)] == [True, True, True]


def test_after_failure() -> None:
    """After a failure nobody may for a while, and then one at a time."""
    clock = Clock()
    breaker = Breaker(1, clock)
    breaker.failed()
    assert (breaker.is_shut, breaker.may_try()) == (True, False)
    clock.now_s = 1
    assert [breaker.may_try() for _ in range(3)] == [True, False, False]
    clock.now_s = 2
    assert breaker.may_try()


def test_after_success() -> None:
    """After a success everybody may again."""
    breaker = Breaker(1, Clock())
    breaker.failed()
    breaker.worked()
    assert (breaker.is_shut, breaker.may_try()) == (False, True)
