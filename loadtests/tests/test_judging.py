"""How thresholds are judged: on the right requests, at the end, in windows, and early enough to end a run."""

import pytest

from harness.load_records import Threshold
from harness.results import Status
from loadtests.judging import ABORT_AFTER_S, Evidence, Judge, Judgement, judge
from loadtests.messages import Second
from loadtests.profile import Profile, Stage
from loadtests.tally import Sums
from loadtests.tests.samples import profile, second, series
from loadtests.thresholds import parse

COLD = Stage(duration_s=2, rate=10, name="cold", warm_up=True)
STEADY = Stage(duration_s=4, rate=10, name="steady")
PEAK = Stage(duration_s=4, rate=20, name="peak")
LONG = Stage(duration_s=60, rate=10)


def ten(number: int, ms: float = 10, stage: int = 0, failures: int = 0) -> Second:
    """Return a second with ten requests of one length."""
    return second(number, series(*[ms] * 10, stage=stage, failures=failures), stage=stage)


def judged(planned: Profile, seconds: list[Second], ended_s: float | None = None) -> Threshold:
    """Return what the only threshold of a profile says of some seconds."""
    return run(planned, seconds, ended_s)[0]


def run(planned: Profile, seconds: list[Second], ended_s: float | None = None) -> tuple[Threshold, int | None]:
    """Let a judge observe some seconds; return what it says, and the second after which it ended the run."""
    judge_of_run, sums, aborted = Judge(planned), Sums(), None
    for one in seconds:
        sums.add(one)
        if judge_of_run.observe(one, sums) and aborted is None:
            aborted = one.second
    (threshold,) = judge_of_run.thresholds(sums, planned.duration_s if ended_s is None else ended_s)
    return threshold, aborted


@pytest.fixture
def evidence() -> Evidence:
    """Give ten seconds in which 1000 requests were intended, five dropped, seven late, and 20 of 995 failed."""
    slow = series(*[200] * 195, endpoint="GET /slow", failures=20, service_ms=[100] * 195)
    fast = series(*[20] * 800, endpoint="GET /fast", service_ms=[10] * 800)
    part = Sums([second(0, slow, fast, started=995, dropped=5, late=7)]).part({0})
    return Evidence(part, intended_rate=100.0, seconds=10.0)


@pytest.mark.parametrize(
    ("text", "status", "observed"),
    [
        ("response p50 < 21ms", Status.PASS, "20.02 ms of 995 requests"),
        ("response p99 < 150ms", Status.FAIL, "200.1 ms of 995 requests"),
        ("response p99 < 150ms at GET /fast", Status.PASS, "20.02 ms of 800 requests"),
        ("response mean < 50ms", Status.FAIL, "55.28 ms of 995 requests"),
        ("service p99 <= 101ms", Status.PASS, "100 ms of 995 requests"),
        ("service max < 11ms at GET /fast", Status.PASS, "10.01 ms of 800 requests"),
        ("failures <= 2.1%", Status.PASS, "20 of 995 (2.010%)"),
        ("failures < 20", Status.FAIL, "20 of 995 (2.010%)"),
        ("failures == 0 at GET /fast", Status.PASS, "0 of 800 (0.000%)"),
        ("rate > 95% of intended", Status.PASS, "99.5/s over 10.0 s, 99.5% of 100/s"),
        ("rate >= 99.6/s", Status.FAIL, "99.5/s over 10.0 s, 99.5% of 100/s"),
        ("dropped == 0", Status.FAIL, "5 of 1000 (0.500%)"),
        ("dropped <= 0.5%", Status.PASS, "5 of 1000 (0.500%)"),
        ("late < 1%", Status.PASS, "7 of 1000 (0.700%)"),
        ("late < 7", Status.FAIL, "7 of 1000 (0.700%)"),
    ],
)
def test_each_measure(evidence: Evidence, text: str, status: Status, observed: str) -> None:
    """A threshold is judged on the right number, which is shown with its sample size."""
    assert Judgement(status, observed) == judge(parse(text), evidence)


@pytest.mark.parametrize(
    ("quantity", "needed"),
    [("p50", 2), ("p90", 10), ("p95", 20), ("p99", 100), ("p99.9", 1000), ("max", 1), ("mean", 1)],
)
def test_too_few(quantity: str, needed: int) -> None:
    """A percentile says nothing of so few requests that none can lie beyond it."""
    rule = parse(f"response {quantity} < 1s")
    for count, status in ((needed - 1, Status.INCONCLUSIVE), (needed, Status.PASS)):
        few = Evidence(Sums([second(0, series(*[10] * count))]).part({0}), 100.0, 1.0)
        assert status == judge(rule, few).status
    assert f"{quantity} needs {needed} or more" in judge(rule, Evidence(Sums().part({0}), 100.0, 1.0)).observed


def test_unknown_endpoint(evidence: Evidence) -> None:
    """An endpoint that no request reached says nothing; those that were reached are named."""
    expected = Judgement(Status.INCONCLUSIVE, "no request of it; there were: GET /fast, GET /slow")
    assert expected == judge(parse("failures == 0 at GET /b"), evidence)


@pytest.mark.parametrize("text", ["dropped < 1%", "late < 1%", "rate > 95% of intended"])
def test_nothing_intended(text: str) -> None:
    """A share of no arrivals says nothing."""
    assert judge(parse(text), Evidence(Sums().part({0}), 0.0, 1.0)).status is Status.INCONCLUSIVE


def test_in_stage() -> None:
    """`in stage` judges the requests due in that stage, and those only."""
    seconds = [ten(0, 10), ten(4, 500, stage=1)]
    for stage, status in (("steady", Status.PASS), ("peak", Status.FAIL)):
        planned = profile(f"response max < 100ms in stage {stage}", stages=[STEADY, PEAK])
        assert status == judged(planned, seconds).status


def test_warm_up() -> None:
    """Without a stage all are judged but warm-up."""
    planned = profile("response max < 100ms", stages=[COLD, STEADY])
    assert judged(planned, [ten(0, 900), ten(2, 10, stage=1)]).status is Status.PASS
    assert judged(planned, [ten(0, 10), ten(2, 900, stage=1)]).status is Status.FAIL


def test_rate_over_time() -> None:
    """The rate counts the time that was needed: answers that come after the last stage make it lower."""
    planned = profile("rate > 95% of intended", stages=[STEADY])
    seconds = [ten(number) for number in range(4)]
    assert judged(planned, seconds, ended_s=4.0).observed == "10/s over 4.0 s, 100.0% of 10/s"
    late = judged(planned, seconds, ended_s=5.0)
    assert (late.status, late.observed) == (Status.FAIL, "8/s over 5.0 s, 80.0% of 10/s")


def test_rate_of_stopped_run() -> None:
    """A run that ended early is held to what was intended until then."""
    planned = profile("rate > 95% of intended", stages=[STEADY])
    assert judged(planned, [ten(0), ten(1)], ended_s=2.0).status is Status.PASS


def test_rate_of_stage() -> None:
    """The rate in a stage is that of its own seconds."""
    planned = profile("rate > 95% of intended in stage steady", stages=[STEADY, PEAK])
    assert judged(planned, [ten(number) for number in range(4)]).observed.startswith("10/s over 4.0 s")


def test_first_broken_window() -> None:
    """A window that does not hold fails the threshold, and the first one is named by its seconds."""
    planned = profile("response max < 100ms for 2s", stages=[LONG])
    seconds = [ten(number, 500 if number in {3, 7} else 10) for number in range(10)]
    threshold = judged(planned, seconds)
    expected = "500.2 ms of 20 requests from 2 s to 4 s, first of 4 such stretches of 9"
    assert (Status.FAIL, expected) == (threshold.status, threshold.observed)


def test_only_broken_window() -> None:
    """The only broken window is called so."""
    planned = profile("failures < 60% for 2s", stages=[LONG])
    threshold = judged(planned, [ten(0), ten(1, failures=10), ten(2, failures=3), ten(3)])
    assert threshold.observed == "13 of 20 (65.000%) from 1 s to 3 s, the only such stretch of 3"


def test_windows_hold() -> None:
    """When all windows hold, their number and the last of them are shown."""
    planned = profile("response max < 100ms for 3s", stages=[LONG])
    threshold = judged(planned, [ten(number) for number in range(5)])
    expected = "in each of 3 stretches of 3 s; in the last 10.01 ms of 30 requests from 2 s to 5 s"
    assert (Status.PASS, expected) == (threshold.status, threshold.observed)


def test_short_outburst() -> None:
    """What is over before the window ends does not break a threshold that looks at the whole window."""
    planned = profile("response p50 < 100ms for 3s", stages=[LONG])
    assert judged(planned, [ten(number, 500 if number == 2 else 10) for number in range(6)]).status is Status.PASS


def test_windows_too_small() -> None:
    """Windows with too few requests are not judged; when none has enough, it is inconclusive."""
    planned = profile("response p99 < 100ms for 2s", stages=[LONG])
    threshold = judged(planned, [ten(number, 500) for number in range(10)])
    expected = "no stretch of 2 s had the 100 requests it needs"
    assert (Status.INCONCLUSIVE, expected) == (threshold.status, threshold.observed)


def test_windows_and_warm_up() -> None:
    """No window reaches into warm-up."""
    planned = profile("response max < 100ms for 2s", stages=[COLD, STEADY])
    seconds = [ten(0, 900), ten(1, 900), *(ten(number, stage=1) for number in range(2, 6))]
    threshold = judged(planned, seconds)
    assert (threshold.status, threshold.observed.startswith("in each of 3 stretches")) == (Status.PASS, True)


def test_windows_of_stage() -> None:
    """Windows of a stage lie in it as a whole."""
    planned = profile("response max < 100ms in stage peak for 2s", stages=[STEADY, PEAK])
    seconds = [*(ten(number, 900) for number in range(4)), *(ten(number, stage=1) for number in range(4, 8))]
    assert judged(planned, seconds).observed.startswith("in each of 3 stretches")


def test_window_rate() -> None:
    """In a window the rate is compared with what is intended in it, on a ramp too."""
    planned = profile("rate > 95% of intended for 2s", stages=[STEADY, PEAK])
    seconds = [ten(number) for number in range(4)]
    assert judged(planned, seconds).status is Status.PASS
    broken = judged(planned, [*seconds, ten(4, stage=1), ten(5, stage=1)])
    assert broken.observed == "10/s over 2.0 s, 66.7% of 15/s from 3 s to 5 s, first of 2 such stretches of 5"


def test_abort_of_window() -> None:
    """With `abort` the first window that does not hold ends the run, at its last second."""
    planned = profile("response max < 100ms for 3s abort", stages=[LONG])
    assert run(planned, [ten(number, 500 if number >= 4 else 10) for number in range(9)])[1] == 4


def test_abort_of_all() -> None:
    """Without a window it ends the run when so much was measured that one slow second does not decide."""
    planned = profile("failures < 1% abort", stages=[LONG])
    assert run(planned, [ten(number, failures=5) for number in range(20)])[1] == ABORT_AFTER_S - 1


def test_abort_after_warm_up() -> None:
    """Seconds of warm-up neither break it nor count as measured."""
    warm_up = Stage(duration_s=15, rate=10, warm_up=True)
    planned = profile("failures < 1% abort", stages=[warm_up, LONG])
    seconds = [ten(number, stage=number >= 15, failures=5) for number in range(40)]
    assert run(planned, seconds)[1] == 15 + ABORT_AFTER_S - 1


def test_no_abort() -> None:
    """Without `abort` nothing ends the run, and with it nothing that holds."""
    broken = [ten(number, failures=5) for number in range(20)]
    assert run(profile("failures < 1% for 2s", stages=[LONG]), broken)[1] is None
    assert run(profile("failures < 60% abort", stages=[LONG]), broken)[1] is None


def test_which_aborts() -> None:
    """Of several thresholds the one that ends the run is named as it was written."""
    judge_of_run = Judge(profile("failures < 99%", "failures < 1% for 1s abort", stages=[LONG]))
    bad = ten(0, failures=5)
    assert judge_of_run.observe(bad, Sums([bad])) == "failures < 1% for 1s abort"
