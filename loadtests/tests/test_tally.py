"""Merged equals pooled: however requests are split over engines, seconds and stages, their sum is the same."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harness.load_records import Arrivals
from loadtests.histograms import Histogram
from loadtests.messages import Second
from loadtests.tally import Part, Sums, pooled
from loadtests.tests.samples import cells, second, series

ENGINES = 3
STAGES = (0, 1)

# One request: engine, second, stage, endpoint, milliseconds, whether it failed.
requests = st.lists(
    st.tuples(
        st.integers(0, ENGINES - 1),
        st.integers(0, 3),
        st.sampled_from(STAGES),
        st.sampled_from(("GET /a", "GET /b")),
        st.floats(0, 100_000),
        st.booleans(),
    ),
    max_size=25,
)
Request = tuple[int, int, int, str, float, bool]


def one(request: Request) -> Second:
    """Return a second in which an engine had just one request."""
    _engine, number, stage, endpoint, ms, failed = request
    part = series(ms, endpoint=endpoint, stage=stage, service_ms=[ms / 2], failures=failed, unanswered=failed)
    return second(number, part, stage=stage, late=failed, dropped=failed, errors={endpoint: failed}, lag=cells(ms))


def shown(part: Part) -> object:
    """Return a part in values that can be compared."""
    loads = {"total": part.total, **part.endpoints}
    return part.arrivals, {
        name: (load.count, load.failures, load.unanswered, load.size, load.service.cells, load.response.cells)
        for name, load in loads.items()
    }


@given(made=requests, order=st.randoms(use_true_random=False))
def test_engines_pooled(made: list[Request], order: random.Random) -> None:
    """Seconds of several engines, pooled a second at a time and in any order, are those of one engine."""
    told = {number: [one(request) for request in made if request[1] == number] for number in range(4)}
    for seconds in told.values():
        order.shuffle(seconds)
    several = Sums(pooled(seconds) for seconds in told.values() if seconds)
    alone = Sums(map(one, made))
    assert alone.series() == several.series()
    for stages in ({0}, {1}, {0, 1}):
        assert shown(alone.part(stages)) == shown(several.part(stages))


@given(made=requests, at=st.integers(0, 25))
def test_pooled_twice(made: list[Request], at: int) -> None:
    """Pooling what was pooled before makes no difference."""
    seconds = [one(request) for request in made]
    groups = [group for group in (seconds[:at], seconds[at:]) if group]
    if groups:
        twice, once = pooled([pooled(group) for group in groups]), pooled(seconds)
        assert Sums([once]).series() == Sums([twice]).series()
        assert (Counter(once.errors), once.lag, once.fates) == (Counter(twice.errors), twice.lag, twice.fates)


def test_pooled_strain() -> None:
    """Of several engines the busiest counts, and the sum of what is in flight."""
    calm, busy = second(0, cpu=0.2, gc_s=0.5, in_flight=3), second(0, cpu=0.9, gc_s=0.1, in_flight=4)
    whole = pooled([calm, busy])
    assert (whole.cpu, whole.gc_s, whole.in_flight) == (0.9, 0.5, 7)


def test_stages_apart() -> None:
    """A stage has its own requests and arrivals; stages together have the sum."""
    sums = Sums(
        [
            second(0, series(10, 20), late=1),
            second(1, series(30, stage=1, failures=1), stage=1, dropped=2),
            second(2, series(40, stage=0), stage=0),
        ]
    )
    first, last, both = sums.part({0}), sums.part({1}), sums.part({0, 1})
    assert [part.total.count for part in (first, last, both)] == [3, 1, 4]
    assert Arrivals(intended=3, started=3, dropped=0, late=1) == first.arrivals
    assert Arrivals(intended=3, started=1, dropped=2, late=0) == last.arrivals
    assert Arrivals(intended=6, started=4, dropped=2, late=1) == both.arrivals


def test_endpoints_apart() -> None:
    """Each endpoint has its own numbers, in the order of names; the total has all."""
    part = Sums([second(0, series(10, endpoint="GET /b"), series(20, 30, endpoint="GET /a"))]).part({0})
    assert [(name, load.count) for name, load in part.endpoints.items()] == [("GET /a", 2), ("GET /b", 1)]
    assert cells(10, 20, 30) == part.total.response.cells


def test_unknown_stage() -> None:
    """A stage in which nothing happened is empty, not an error."""
    part = Sums([second(0, series(10))]).part({5})
    assert (part.total.count, part.arrivals.intended, part.endpoints) == (0, 0, {})
    assert Histogram().latency() == part.total.record("total").response_ms
