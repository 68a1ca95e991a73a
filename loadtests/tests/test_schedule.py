"""The schedule of arrivals and how it is dealt."""

import pytest

from loadtests.profile import Ramp, Stage
from loadtests.schedule import Dealer, shares, slots


def test_constant() -> None:
    """A constant rate is one slot every 1/rate seconds, across the border of two stages too."""
    stages = (Stage(duration_s=1, rate=4), Stage(duration_s=1, rate=4))
    assert [number / 4 for number in range(8)] == pytest.approx([slot.due_s for slot in slots(stages)])
    assert [slot.stage for slot in slots(stages)] == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(("start", "end"), [(0, 100), (100, 0), (20, 80)])
def test_ramp(start: float, end: float) -> None:
    """Slot k of a ramp is due when the integral of the rate reaches k."""
    due = [slot.due_s for slot in slots((Stage(duration_s=10, rate=Ramp(start=start, end=end)),))]
    assert len(due) == 500
    assert list(range(500)) == pytest.approx([start * t + (end - start) * t**2 / 20 for t in due], abs=1e-6)


def test_broken_border() -> None:
    """Stages of a fraction of an arrival neither lose nor add one in the sum."""
    stages = tuple(Stage(duration_s=0.25, rate=rate) for rate in (1, 3, 5, 7) * 10)
    due = [slot.due_s for slot in slots(stages)]
    assert len(due) == 40
    assert sorted(due) == due


def test_deal() -> None:
    """Every slot is dealt once, and each journey has its share whoever asks first."""
    dealer = Dealer(slots((Stage(duration_s=1, rate=40),)), {"reader": 3, "author": 1})
    authors = [slot.number for slot in iter(lambda: dealer.next_for("author"), None)]
    readers = [slot.number for slot in iter(lambda: dealer.next_for("reader"), None)]
    assert (len(readers), len(authors)) == (30, 10)
    assert list(range(40)) == sorted(readers + authors)


def test_remaining() -> None:
    """What nobody took until a time is found again; what is due later is not."""
    dealer = Dealer(slots((Stage(duration_s=1, rate=40),)), {"reader": 3, "author": 1})
    taken = dealer.next_for("author")
    assert taken is not None
    assert set(range(21)) - {taken.number} == {slot.number for slot in dealer.remaining(0.5)}


@pytest.mark.parametrize("users", [2, 3, 7, 50])
def test_shares(users: int) -> None:
    """All users are divided, and each journey has at least one."""
    divided = shares(users, {"many": 99, "few": 1})
    assert users == sum(divided.values())
    assert divided["few"] >= 1
