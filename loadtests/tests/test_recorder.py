"""Every slot has a fate and every request two latencies."""

import pytest

from harness.results import Arrivals, Status
from loadtests.histograms import Histogram
from loadtests.messages import Report
from loadtests.profile import Profile, Stage
from loadtests.recorder import NO_ANSWER, NOT_JUDGED, Recorder
from loadtests.schedule import Slot
from loadtests.summary import status_of, summarize

PROFILE = Profile(
    journeys={"Reader": 1},
    stages=(Stage(duration_s=1, rate=10, warm_up=True), Stage(duration_s=1, rate=10)),
    thresholds=("failures == 0",),
)


@pytest.fixture
def recorder() -> Recorder:
    """Give an empty recorder of one second of warm-up and one measured second."""
    return Recorder(PROFILE)


def slot(number: int) -> Slot:
    """Return a slot of the measured second."""
    return Slot(number, 1 + number / 10, 1)


def test_two_latencies(recorder: Recorder) -> None:
    """Service time counts from sent, response time from due."""
    recorder.start(slot(0), 1.5, "GET /")
    recorder.finish(slot(0), 0.25, "GET /", None, answered=True)
    (series,) = recorder.report(2, interrupted=False).series
    assert pytest.approx(250, rel=1e-3) == Histogram.decode(series.service).latency().p50
    assert pytest.approx(750, rel=1e-3) == Histogram.decode(series.response).latency().p50


def test_fates(recorder: Recorder) -> None:
    """Intended is what was started and what was dropped; late ones are among the started."""
    recorder.start(slot(0), 1.0, "GET /")
    recorder.start(slot(1), 1.2, "GET /")
    recorder.drop(slot(2))
    stages = recorder.report(2, interrupted=False).stages
    assert Arrivals(intended=3, started=2, dropped=1, late=1) == stages[1].arrivals


def test_without_outcome(recorder: Recorder) -> None:
    """A request without an answer, and an answer without a judgement, are failures."""
    recorder.start(slot(0), 1.0, "GET /slow")
    recorder.start(slot(1), 1.1, "GET /odd")
    recorder.hold(slot(1), 1.2)
    recorder.settle(2.0)
    report = recorder.report(2, interrupted=False)
    assert {f"GET /slow: {NO_ANSWER}": 1, f"GET /odd: {NOT_JUDGED}": 1} == report.errors
    assert [series.failures for series in report.series] == [1, 1]


def summary_status(report: Report, cpu: float = 0.1) -> tuple[Status, str]:
    """Return what a run says, and its first doubt."""
    second = Recorder(PROFILE).cut_second(1, cpu)
    summary = summarize("quick", 1, "again", PROFILE, [second], report)
    return status_of(summary), " ".join(summary.inconclusive)


def test_trust(recorder: Recorder) -> None:
    """A good run passes; the same from a saturated generator, or interrupted, says nothing."""
    recorder.start(slot(0), 1.0, "GET /")
    recorder.finish(slot(0), 0.1, "GET /", None, answered=True)
    good = recorder.report(2, interrupted=False)
    assert summary_status(good) == (Status.PASS, "")
    assert summary_status(good, cpu=0.97)[0] == Status.INCONCLUSIVE
    assert "the load generator was the bottleneck (97% of a core" in summary_status(good, cpu=0.97)[1]
    assert summary_status(recorder.report(1.5, interrupted=True))[0] == Status.INCONCLUSIVE
    assert summary_status(Recorder(PROFILE).report(2, interrupted=False))[0] == Status.INCONCLUSIVE
