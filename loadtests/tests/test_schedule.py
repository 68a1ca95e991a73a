"""The schedule of arrivals: exact, shared out without overlap, and as random as Poisson says."""

import math
from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.profile import Profile, Ramp, Stage
from loadtests.schedule import Shard, dealt, due_times, shares, slots, users_of
from loadtests.tests.samples import profile

KS_1_PERCENT = 1.63  # Kolmogorov: sqrt(n) times the distance stays below in 99 of 100 samples

rates = st.floats(0, 200)
stage_lists = st.lists(
    st.builds(
        lambda duration_s, start, end: Stage(duration_s=duration_s, rate=Ramp(start=start, end=end)),
        st.floats(0.1, 3),
        rates,
        rates,
    ),
    min_size=1,
    max_size=4,
)
weights = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9).map(float), min_size=1)


def due(*stages: Stage, seed: int = 1, arrivals: str = "even") -> list[float]:
    """Return when each request of these stages is due."""
    return [due_s for due_s, _stage in due_times(profile(stages=stages, arrivals=arrivals), seed)]


def distance_from_exponential(gaps: list[float]) -> float:
    """Return the Kolmogorov-Smirnov statistic of gaps against the exponential distribution of mean 1."""
    count = len(gaps)
    expected = [1 - math.exp(-gap) for gap in sorted(gaps)]
    return max(max(share - index / count, (index + 1) / count - share) for index, share in enumerate(expected))


def test_constant_rate() -> None:
    """A constant rate is one slot every 1/rate seconds, across the border of two stages too."""
    made = list(slots(profile(stages=[Stage(duration_s=1, rate=4)] * 2), seed=1))
    assert [number / 4 for number in range(8)] == pytest.approx([slot.due_s for slot in made])
    assert [slot.stage for slot in made] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert list(range(8)) == [slot.number for slot in made]


@pytest.mark.parametrize(("start", "end"), [(0, 100), (100, 0), (20, 80)])
def test_exact_ramp(start: float, end: float) -> None:
    """Slot k of a ramp is due when the integral of the rate reaches k."""
    times = due(Stage(duration_s=10, rate=Ramp(start=start, end=end)))
    assert len(times) == 500
    assert list(range(500)) == pytest.approx([start * t + (end - start) * t**2 / 20 for t in times], abs=1e-6)


def test_broken_border() -> None:
    """Stages of a fraction of an arrival neither lose nor add one in the sum."""
    times = due(*(Stage(duration_s=0.25, rate=rate) for rate in (1, 3, 5, 7) * 10))
    assert len(times) == 40
    assert sorted(times) == times


@given(stages=stage_lists)
def test_integral_of_rate(stages: list[Stage]) -> None:
    """There are as many even slots as the integral of the rate says; each lies in its stage, and they are in order."""
    planned = profile(stages=stages)
    made = list(due_times(planned, 1))
    assert abs(math.ceil(planned.intended(0, planned.duration_s)) - len(made)) <= 1
    assert sorted(made) == made
    for due_s, index in made:
        assert -1e-6 <= due_s - planned.starts_s[index] <= stages[index].duration_s + 1e-6


@pytest.mark.parametrize("arrivals", ["even", "poisson"])
@given(stages=stage_lists, journeys=weights, of=st.integers(1, 5), seed=st.integers(0, 99))
def test_disjoint_shards(arrivals: str, stages: list[Stage], journeys: dict[str, float], of: int, seed: int) -> None:
    """Shards overlap nowhere, leave nothing out, and each has its share of every journey, to within one."""
    planned = profile(stages=stages, journeys=journeys, arrivals=arrivals)
    whole = list(slots(planned, seed))
    parts = [list(slots(planned, seed, Shard(number, of))) for number in range(of)]
    assert whole == sorted(slot for part in parts for slot in part)
    turns = Counter(slot.journey for slot in whole)
    for part in parts:
        for journey, count in Counter(slot.journey for slot in part).items():
            assert abs(count - turns[journey] / of) < 1


@pytest.mark.parametrize("fixed_seed", [1, 2, 3])
def test_poisson_constant(fixed_seed: int) -> None:
    """At a constant rate the times between Poisson arrivals are exponential (Kolmogorov-Smirnov at 1%)."""
    times = due(Stage(duration_s=50, rate=100), seed=fixed_seed, arrivals="poisson")
    gaps = [(after - before) * 100 for before, after in pairwise([0.0, *times])]
    assert pytest.approx(len(times), abs=4 * math.sqrt(5000)) == 5000
    assert distance_from_exponential(gaps) * math.sqrt(len(gaps)) < KS_1_PERCENT


@pytest.mark.parametrize(("start", "end"), [(0, 200), (200, 0), (20, 180)])
def test_poisson_ramp(start: float, end: float) -> None:
    """On a ramp they are so in the time in which the rate is one: a Poisson process that follows the rate."""
    planned = profile(stages=[Stage(duration_s=50, rate=Ramp(start=start, end=end))], arrivals="poisson")
    expected = [planned.intended(0, due_s) for due_s, _stage in due_times(planned, 7)]
    gaps = [after - before for before, after in pairwise([0.0, *expected])]
    assert distance_from_exponential(gaps) * math.sqrt(len(gaps)) < KS_1_PERCENT


def test_even_is_not_poisson() -> None:
    """The test tells the two apart: even arrivals fail it by far."""
    gaps = [(after - before) * 100 for before, after in pairwise(due(Stage(duration_s=50, rate=100)))]
    assert distance_from_exponential(gaps) * math.sqrt(len(gaps)) > 10 * KS_1_PERCENT


def test_same_seed() -> None:
    """The same seed gives the same times, another seed others."""
    stage = Stage(duration_s=5, rate=50)
    first, again, other = (due(stage, seed=seed, arrivals="poisson") for seed in (1, 1, 2))
    assert first == again
    assert not set(first) & set(other)


def test_poisson_order() -> None:
    """Poisson arrivals are in order, also over the borders of stages."""
    times = due(*(Stage(duration_s=1, rate=rate) for rate in (80, 0.1, 90)), arrivals="poisson")
    assert sorted(times) == times
    assert times[-1] < 3


@given(journeys=weights, turns=st.integers(0, 200))
def test_dealt_in_turn(journeys: dict[str, float], turns: int) -> None:
    """After any number of turns each journey has had its share, to within one."""
    had = Counter(islice(dealt(journeys), turns))
    for name, weight in journeys.items():
        assert abs(had[name] - turns * weight / sum(journeys.values())) < 1 + 1e-6


@given(journeys=weights, spare=st.integers(0, 100))
def test_shares_of_users(journeys: dict[str, float], spare: int) -> None:
    """All users are divided, each journey has at least one, and of the rest its share to within one."""
    divided = shares(len(journeys) + spare, journeys)
    assert len(journeys) + spare == sum(divided.values())
    for name, count in divided.items():
        assert count >= 1
        assert abs(count - 1 - spare * journeys[name] / sum(journeys.values())) < 1


@given(users=st.integers(0, 500), of=st.integers(1, 16))
def test_users_of_shards(users: int, of: int) -> None:
    """Shards have all the users together, and none has two more than another; the last has the fewest."""
    divided = [users_of(Shard(number, of), users) for number in range(of)]
    assert users == sum(divided)
    assert divided[0] - divided[-1] <= 1
    assert sorted(divided, reverse=True) == divided


def test_rate_of_nothing() -> None:
    """A profile whose rate falls to nothing has no slot after that."""
    planned: Profile = profile(stages=[Stage(duration_s=1, rate=Ramp(start=10, end=0)), Stage(duration_s=9, rate=None)])
    assert max(due_s for due_s, _stage in due_times(planned, 1)) <= 1
