"""Every slot has a fate and every request two latencies; what was told is forgotten."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.engine.recorder import (
    LATE_S,
    MAX_ENDPOINTS,
    MAX_KINDS_OF_ERRORS,
    NO_ANSWER,
    NOT_JUDGED,
    OTHER_ENDPOINTS,
    OTHER_ERRORS,
    Recorder,
)
from loadtests.histograms import cell_of
from loadtests.messages import Fates, Second
from loadtests.profile import Stage
from loadtests.schedule import Slot
from loadtests.tests.samples import profile

PROFILE = profile(stages=[Stage(duration_s=1, rate=10, warm_up=True), Stage(duration_s=1, rate=10)])


@pytest.fixture
def recorder() -> Recorder:
    """Give an empty recorder of one second of warm-up and one measured second."""
    return Recorder(PROFILE)


def slot(number: int, stage: int = 1) -> Slot:
    """Return a slot: every tenth of a second of its stage."""
    return Slot(number, stage + number / 10, stage, "Reader")


def ask(recorder: Recorder, one: Slot, endpoint: str = "GET /", error: str | None = None, status: int = 200) -> None:
    """Let a request be sent when it is due and answered after 100 ms, with two bytes."""
    recorder.start(one, one.due_s, endpoint)
    recorder.finish(one, 0.1, endpoint, error, status=status, size=2)


def cut(recorder: Recorder, number: int = 1, *, warm_up: bool = False) -> Second:
    """Return what happened since the last cut."""
    return recorder.cut_second(number, warm_up=warm_up, cpu=0.1234, gc_s=0.0)


def test_two_latencies(recorder: Recorder) -> None:
    """Service time counts from sent, response time from due."""
    recorder.start(slot(0), 1.5, "GET /")
    recorder.finish(slot(0), 0.25, "GET /", None, status=200, size=7)
    (series,) = cut(recorder).series
    assert {cell_of(0.25): 1} == series.service
    assert {cell_of(0.75): 1} == series.response
    assert (series.stage, series.endpoint, series.failures, series.unanswered, series.size) == (1, "GET /", 0, 0, 7)


def test_fates_of_slots(recorder: Recorder) -> None:
    """Slots are started or dropped; those that start too late are counted among the started."""
    recorder.start(slot(0), 1.0, "GET /")
    recorder.start(slot(1), 1.1 + LATE_S * 2, "GET /")
    recorder.drop(slot(2))
    recorder.drop(slot(0, stage=0))
    told = cut(recorder)
    assert (Fates(stage=0, started=0, late=0, dropped=1), Fates(stage=1, started=2, late=1, dropped=1)) == told.fates
    assert told.in_flight == 2


def test_failed_requests(recorder: Recorder) -> None:
    """A failure with a status was answered; one without was not. Each is counted by its sentence."""
    ask(recorder, slot(0), error="answered 500", status=500)
    ask(recorder, slot(1), error="refused", status=0)
    ask(recorder, slot(2), error="refused", status=0)
    told = cut(recorder)
    assert [(series.failures, series.unanswered) for series in told.series] == [(3, 2)]
    assert told.errors == {"GET /: answered 500": 1, "GET /: refused": 2}


def test_judged_later(recorder: Recorder) -> None:
    """An answer that its journey judges later is no longer in flight, and keeps the length it had."""
    recorder.start(slot(0), 1.0, "GET /")
    recorder.hold(slot(0), 1.1)
    assert cut(recorder).in_flight == 0
    recorder.finish(slot(0), 0.1, "GET /", None, status=200, size=0)
    assert [{cell_of(0.1): 1}] == [series.service for series in cut(recorder).series]


def test_settled_at_end(recorder: Recorder) -> None:
    """At the end a request without an answer, and an answer without a judgement, are failures of known length."""
    recorder.start(slot(0), 1.0, "GET /slow")
    recorder.start(slot(1), 1.1, "GET /odd")
    recorder.hold(slot(1), 1.2)
    recorder.settle(2.0)
    told = cut(recorder)
    assert {f"GET /slow: {NO_ANSWER}": 1, f"GET /odd: {NOT_JUDGED}": 1} == told.errors
    found = {series.endpoint: (series.failures, series.unanswered, *series.response) for series in told.series}
    assert {"GET /slow": (1, 1, cell_of(1.0)), "GET /odd": (1, 0, cell_of(0.1))} == found
    recorder.settle(3.0)
    assert not cut(recorder).series


def test_reported_twice(recorder: Recorder) -> None:
    """A request that is reported twice counts once, and that it was is an error."""
    ask(recorder, slot(0))
    recorder.finish(slot(0), 0.1, "GET /", None, status=200, size=0)
    told = cut(recorder)
    assert [sum(series.response.values()) for series in told.series] == [1]
    assert told.errors == {"GET /: reported twice": 1}


def test_told_and_forgotten(recorder: Recorder) -> None:
    """A second is forgotten once it is told: the next one is empty, and the recorder no bigger than a new one."""
    ask(recorder, slot(0), error="refused")
    recorder.note_lag(0.1)
    cut(recorder)
    told = cut(recorder, 2)
    assert (told.fates, told.series, told.errors, told.behind, told.lag, told.in_flight) == ((), (), {}, {}, {}, 0)


@given(cuts=st.lists(st.booleans(), max_size=40))
def test_cut_anywhere(cuts: list[bool]) -> None:
    """Wherever seconds are cut, each request is told once."""
    recorder, numbers, told = Recorder(PROFILE), count(), []
    for ends_here in cuts:
        ask(recorder, slot(next(numbers)))
        if ends_here:
            told.append(cut(recorder))
    told.append(cut(recorder))
    assert len(cuts) == sum(sum(series.response.values()) for second in told for series in second.series)
    assert len(cuts) == sum(fates.started for second in told for fates in second.fates)


def test_warm_up(recorder: Recorder) -> None:
    """How late a warm-up starts and wakes up does not count against the generator."""
    recorder.start(slot(0, stage=0), 5.0, "GET /")
    recorder.note_lag(0.5)
    told = cut(recorder, 0, warm_up=True)
    assert (told.behind, told.lag) == ({}, {})
    recorder.start(slot(1), 1.3, "GET /")
    recorder.note_lag(0.5)
    told = cut(recorder)
    assert ({cell_of(0.2): 1}, {cell_of(0.5): 1}) == (told.behind, told.lag)


def test_bounded_endpoints(recorder: Recorder) -> None:
    """Endpoints beyond a bound are counted together, and those known before keep their names."""
    for number in range(MAX_ENDPOINTS + 5):
        ask(recorder, slot(number), f"GET /{number}")
    ask(recorder, slot(0), "GET /0")
    counts = {series.endpoint: sum(series.response.values()) for series in cut(recorder).series}
    assert (len(counts), counts[OTHER_ENDPOINTS], counts["GET /0"]) == (MAX_ENDPOINTS + 1, 5, 2)


def test_bounded_errors(recorder: Recorder) -> None:
    """So are kinds of errors, over all the seconds of a run."""
    for number in range(MAX_KINDS_OF_ERRORS + 5):
        recorder.note_error(f"error {number}")
        cut(recorder, number)
    recorder.note_error("error 0")
    recorder.note_error("another")
    assert cut(recorder).errors == {"error 0": 1, OTHER_ERRORS: 1}


def test_last_outcome(recorder: Recorder) -> None:
    """The time of the last outcome is known, whichever request it was of."""
    for number, service_s in ((0, 0.9), (1, 0.1)):
        recorder.start(slot(number), slot(number).due_s, "GET /")
        recorder.finish(slot(number), service_s, "GET /", None, status=200, size=0)
    assert pytest.approx(1.9) == recorder.last_outcome_s
