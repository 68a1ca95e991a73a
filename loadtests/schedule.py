"""The schedule of open arrivals: when each request is due and whose it is, whatever the target does. Pure."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from typing import NamedTuple

from loadtests.profile import Profile, Stage


class Slot(NamedTuple):
    """One request of the schedule: number, when it is due (seconds from the start), its stage's index, its journey."""

    number: int
    due_s: float
    stage: int
    journey: str


class Shard(NamedTuple):
    """The part of a schedule that one process walks: `number`, from 0, of `of`."""

    number: int = 0
    of: int = 1


def slots(profile: Profile, seed: int, shard: Shard = Shard()) -> Iterator[Slot]:  # noqa: B008 - immutable
    """Yield the slots of one shard in order.

    Every shard walks the whole schedule and keeps its own: of each journey's slots, every `of`-th. So the shards of one
    seed never overlap, leave none out, and each has its share of every journey.
    """
    journeys = dealt(profile.journeys)
    turns: Counter[str] = Counter()
    for number, (due_s, stage) in enumerate(due_times(profile, seed)):
        journey = next(journeys)
        if turns[journey] % shard.of == shard.number:
            yield Slot(number, due_s, stage, journey)
        turns[journey] += 1


def due_times(profile: Profile, seed: int) -> Iterator[tuple[float, int]]:
    """Yield when each request of a profile is due, and the index of its stage.

    The integral of the rate over time is the number of arrivals expected until then. Even arrivals come when it reaches
    0, 1, 2, …, so neither a ramp nor the border of two stages loses or adds one; Poisson arrivals when it reaches the
    points of a Poisson process of rate 1, which makes them one of that rate, also on a ramp (the time-change theorem).
    """
    points = _poisson_points(seed) if profile.arrivals == "poisson" else map(float, count())
    point, before = next(points), 0.0
    for index, (stage, start_s) in enumerate(zip(profile.stages, profile.starts_s, strict=True)):
        after = round(before + stage.duration_s * (stage.start_rate + stage.end_rate) / 2, 9)
        while point < after:
            yield start_s + _time_of(point - before, stage), index
            point = next(points)
        before = after


def number_of_slots(profile: Profile, seed: int) -> int:
    """Return how many requests all shards together have."""
    expected = round(profile.intended(0.0, profile.duration_s), 9)
    if profile.arrivals == "poisson":
        return sum(1 for _point in takewhile(expected.__gt__, _poisson_points(seed)))
    return math.ceil(expected)


def _poisson_points(seed: int) -> Iterator[float]:
    source = random.Random(seed)  # noqa: S311 - load, not secrets
    point = 0.0
    while True:
        point += source.expovariate(1.0)
        yield point


def _time_of(arrivals: float, stage: Stage) -> float:
    """Return the seconds into a stage at which so many arrivals have come.

    The positive root of start·t + (end - start)/(2·duration)·t² = arrivals, in the form that does not cancel.
    """
    if arrivals <= 0:
        return 0.0
    slope = (stage.end_rate - stage.start_rate) / stage.duration_s
    root = math.sqrt(max(0.0, stage.start_rate**2 + 2 * slope * arrivals))
    return 2 * arrivals / (stage.start_rate + root)


def dealt(weights: Mapping[str, float]) -> Iterator[str]:
    """Yield whose turn it is, for ever.

    Smooth weighted round robin: after any number of turns each name has its share to within one. So a slow journey
    keeps its share of the arrivals, which a pool of users that take whatever comes next would not give it.
    """
    total = sum(weights.values())
    credit = dict.fromkeys(weights, 0.0)
    while True:
        for name, weight in weights.items():
            credit[name] += weight
        chosen = max(credit, key=credit.__getitem__)
        credit[chosen] -= total
        yield chosen


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


def users_of(shard: Shard, users: int) -> int:
    """Return how many of the users one shard gets."""
    return users // shard.of + (shard.number < users % shard.of)
