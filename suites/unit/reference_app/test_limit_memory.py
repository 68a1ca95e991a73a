"""Limits in memory: the same counting as in Redis, with a clock of our own."""

from reference_app import limit_storage
from reference_app.limit_storage import LimitMemory, Window
from suites.unit.reference_app.still_clock import StillClock

HOUR = Window("hour", 2, 3600)
DAY = Window("day", 3, 86400)


def test_counts() -> None:
    """Each request raises the counts of all its windows; beyond the window's most, none."""
    memory = LimitMemory(StillClock())
    numbers = [[count.number for count in memory.hit([HOUR, DAY])] for _ in range(4)]
    assert numbers == [[1, 1], [2, 2], [3, 3], [3, 3]]
    assert memory.read("day").number == 2


def test_window_ends() -> None:
    """After its length a window starts anew; until then it tells what is left."""
    clock = StillClock()
    memory = LimitMemory(clock)
    memory.hit([HOUR])
    clock.now_s = 3599
    assert [(count.number, count.left_s) for count in memory.hit([HOUR])] == [(2, 1.0)]
    clock.now_s = 3600
    assert [(count.number, count.left_s) for count in memory.hit([HOUR])] == [(1, 3600.0)]


def test_clear() -> None:
    """Counts can be forgotten, one or all."""
    memory = LimitMemory(StillClock())
    memory.hit([HOUR, DAY])
    assert (memory.clear("hour"), memory.clear("hour")) == (1, 0)
    assert (memory.clear(), memory.read("day").number) == (1, 0)


def test_bounded() -> None:
    """Windows that are over are dropped when there are many."""
    clock = StillClock()
    memory = LimitMemory(clock)
    for number in range(limit_storage.MOST_COUNTS):
        memory.hit([Window(f"client {number}", 1, 60)])
    clock.now_s = 61
    memory.hit([HOUR])
    assert memory.clear() == 1
