"""The schedule of open arrivals: when each request is due, whatever the target does. Pure."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from loadtests.profile import Stage


class Slot(NamedTuple):
    """One request of the schedule: its number, when it is due (seconds from the start), and its stage's index."""

    number: int
    due_s: float
    stage: int


def slots(stages: Sequence[Stage]) -> Iterator[Slot]:
    """Yield the slots of all stages in order.

    Slot k is due when the rate's integral over time reaches k, so that neither a ramp nor the border between two
    stages loses or adds an arrival.
    """
    number, start_s, before = 0, 0.0, 0.0
    for index, stage in enumerate(stages):
        after = before + stage.duration_s * (stage.start_rate + stage.end_rate) / 2
        last = math.ceil(round(after, 9))
        while number < last:
            yield Slot(number, start_s + _time_of(number - before, stage), index)
            number += 1
        start_s, before = start_s + stage.duration_s, after


def _time_of(arrivals: float, stage: Stage) -> float:
    """Return the seconds into a stage at which so many arrivals have come.

    The positive root of start·t + (end - start)/(2·duration)·t² = arrivals, in the form that does not cancel.
    """
    if arrivals <= 0:
        return 0.0
    slope = (stage.end_rate - stage.start_rate) / stage.duration_s
    root = math.sqrt(max(0.0, stage.start_rate**2 + 2 * slope * arrivals))
    return 2 * arrivals / (stage.start_rate + root)


class Dealer:
    """Deals the slots of a schedule to journeys, by weight, in a fixed order.

    Smooth weighted round robin: after any number of slots each journey has its share to within one slot. So a slow
    journey keeps its share of the arrivals, which a pool of users that take whatever comes next would not give it.
    """

    def __init__(self, schedule: Iterator[Slot], weights: Mapping[str, float]) -> None:
        self._schedule = schedule
        self._weights = dict(weights)
        self._credit = dict.fromkeys(weights, 0.0)
        self._queues: dict[str, deque[Slot]] = {name: deque() for name in weights}

    def next_for(self, journey: str) -> Slot | None:
        """Return the journey's next slot; None when the schedule has no more for it."""
        queue = self._queues[journey]
        while not queue:
            slot = next(self._schedule, None)
            if slot is None:
                return None
            self._queues[self._turn()].append(slot)
        return queue.popleft()

    def remaining(self, until_s: float) -> Iterator[Slot]:
        """Yield, and take out, the slots due until a time that nobody took."""
        for queue in self._queues.values():
            while queue and queue[0].due_s <= until_s:
                yield queue.popleft()
        for slot in self._schedule:
            if slot.due_s > until_s:
                return
            yield slot

    def _turn(self) -> str:
        for name, weight in self._weights.items():
            self._credit[name] += weight
        chosen = max(self._credit, key=self._credit.__getitem__)
        self._credit[chosen] -= sum(self._weights.values())
        return chosen


def shares(users: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Divide users among journeys by weight, at least one each (largest remainders)."""
    total = sum(weights.values())
    spare = users - len(weights)
    exact = {name: spare * weight / total for name, weight in weights.items()}
    result = {name: 1 + math.floor(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: exact[name] % 1, reverse=True)
    for name in by_remainder[: users - sum(result.values())]:
        result[name] += 1
    return result
