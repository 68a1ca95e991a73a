"""Properties that fail, and one that holds: for tests that prove that a failing property can be followed.

Run them by hand with `python -m pytest suites/specimens/properties.py`; nothing collects them otherwise.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test


@given(number=st.integers())
def test_given(number: int) -> None:
    """Fail from 1000 on."""
    assert number < 1000


class Sum(RuleBasedStateMachine):
    """Adds numbers, and takes itself to stay small."""

    total = 0

    @rule(more=st.integers(0, 9))
    def add(self, more: int) -> None:
        """Add one."""
        self.total += more
        assert self.total < 5


def test_machine() -> None:
    """Fail when numbers add up to 5."""
    run_state_machine_as_test(Sum, settings=settings(deadline=None))


def test_inner() -> None:
    """Hold, with the property inside the test."""

    @settings(deadline=None)
    @given(number=st.integers())
    def check(number: int) -> None:
        assert number <= abs(number)

    check()


def test_no_property() -> None:
    """Fail without Hypothesis."""
    assert "nothing" == "something"  # noqa: PLR0133 - it is to fail
