"""When a run says nothing, and when it can only say that the target is bad."""

from typing import Any

import pytest

from harness.load_records import LoadSummary
from harness.results import Status
from loadtests.engine.recorder import OTHER_ENDPOINTS
from loadtests.measured import Measured
from loadtests.messages import Second
from loadtests.profile import Profile, Stage
from loadtests.summary import summarize
from loadtests.target_watch import Use
from loadtests.tests.samples import cells, profile, second, series
from loadtests.thresholds import parse
from loadtests.trust import CPU_OVER_S, SATURATED_CPU, Circumstances, harm_ms

SECONDS = 8
THRESHOLDS = ("failures < 50%", "response p50 < 100ms")
COLD = Stage(duration_s=3, rate=10, name="cold", warm_up=True)
STEADY = Stage(duration_s=SECONDS, rate=10, name="steady")
BAD = "failures < 1%"
NOTHING = Circumstances()


def summary_of(planned: Profile, seconds: list[Second], what: Circumstances = NOTHING) -> LoadSummary:
    """Return the summary of a run of these seconds."""
    measured = Measured(planned)
    for one in seconds:
        measured.add(one)
        measured.row(one, Use(0.5, 100.0))
    measured.end(float(len(seconds)))
    return summarize("quick", 1, "again", 1, measured, what)


def ten(number: int, stage: int = 0, **more: Any) -> Second:
    """Return a second with ten requests of 10 ms, a tenth of which failed."""
    return second(number, series(*[10] * 10, failures=1, stage=stage), stage=stage, **more)


def steady(*thresholds: str, what: Circumstances = NOTHING, **more: Any) -> LoadSummary:
    """Return the summary of a run whose seconds are all alike."""
    return summary_of(
        profile(*thresholds or THRESHOLDS, stages=[STEADY]), [ten(n, **more) for n in range(SECONDS)], what
    )


def statuses(summary: LoadSummary) -> list[Status]:
    """Return what the thresholds say."""
    return [threshold.status for threshold in summary.thresholds]


def test_trusted_run() -> None:
    """A run without a doubt says what its thresholds say."""
    assert (steady().status, steady().inconclusive) == (Status.PASS, ())
    assert steady(BAD).status is Status.FAIL


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Circumstances(interrupted=True), "interrupted after 8.0 s of 8 s: these are partial results"),
        (Circumstances(lost=("load process 1 of 2 ended",)), "load process 1 of 2 ended"),
        (Circumstances(target_changes=("pid 7 ended",)), "pid 7 ended: what was measured was a restart"),
    ],
    ids=["interrupted", "lost engine", "restart"],
)
def test_blind_circumstances(what: Circumstances, said: str) -> None:
    """After what makes the numbers those of something else, no threshold says anything, be it good or bad."""
    summary = steady(*THRESHOLDS, BAD, what=what)
    assert (said,) == summary.inconclusive
    assert statuses(summary) == [Status.INCONCLUSIVE] * 3
    assert summary.status == Status.INCONCLUSIVE
    assert all("not to be trusted" in threshold.observed for threshold in summary.thresholds)


@pytest.mark.parametrize(
    "strain",
    [{"cpu": SATURATED_CPU}, {"lag": cells(*[20.1] * 100)}, {"gc_s": 0.021}],
    ids=["CPU", "scheduling lag", "pause for garbage"],
)
def test_saturated_generator(strain: dict[str, Any]) -> None:
    """A generator that was the bottleneck says nothing of the target, and what to change is said."""
    summary = steady(*THRESHOLDS, BAD, **strain)
    assert summary.generator.saturated
    assert "the load generator was the bottleneck" in summary.inconclusive[0]
    assert "lower the rate, give it an idle core, or --processes" in summary.inconclusive[0]
    assert {Status.INCONCLUSIVE} == set(statuses(summary))


@pytest.mark.parametrize(
    "strain", [{"cpu": 0.84}, {"lag": cells(*[19] * 100)}, {"gc_s": 0.019}], ids=["CPU", "lag", "garbage"]
)
def test_strained_generator(strain: dict[str, Any]) -> None:
    """Strain that cannot decide a threshold is no doubt."""
    assert (steady(**strain).status, steady(**strain).generator.saturated) == (Status.PASS, False)


def test_short_peak() -> None:
    """One busy second is not saturation: the mean over some seconds counts, and the peak of it is shown."""
    seconds = [ten(number, cpu=1.0 if number == 4 else 0.2) for number in range(SECONDS)]
    summary = summary_of(profile(*THRESHOLDS, stages=[STEADY]), seconds)
    assert (round((1.0 + 0.2 * (CPU_OVER_S - 1)) / CPU_OVER_S, 3), False) == (
        summary.generator.cpu_peak,
        summary.generator.saturated,
    )


def test_strain_of_short_run() -> None:
    """A run shorter than the span of the mean is still judged by its CPU."""
    short = profile(*THRESHOLDS, stages=[Stage(duration_s=2, rate=10)])
    assert summary_of(short, [ten(number, cpu=0.95) for number in range(2)]).generator.saturated


def test_strain_of_warm_up() -> None:
    """A generator that was busy while it warmed up is trusted."""
    planned = profile(*THRESHOLDS, stages=[COLD, STEADY])
    seconds = [ten(number, cpu=1.0, gc_s=1.0) for number in range(3)]
    seconds += [ten(number, stage=1) for number in range(3, 3 + SECONDS)]
    assert summary_of(planned, seconds).status is Status.PASS


@pytest.mark.parametrize(
    ("thresholds", "ms"),
    [
        (("failures < 1%",), 100.0),
        (("response p99 < 1s", "service p50 < 50ms"), 10.0),
        (("response max < 5s",), 1000.0),
    ],
)
def test_harmful_delay(thresholds: tuple[str, ...], ms: float) -> None:
    """How much delay of its own is too much follows from the tightest latency that is judged."""
    assert pytest.approx(ms) == harm_ms([parse(text) for text in thresholds])


def test_no_requests() -> None:
    """A run without a request in the measured stages says nothing."""
    planned = profile("failures < 1%", stages=[COLD, STEADY])
    summary = summary_of(planned, [ten(number) for number in range(3)])
    assert "no requests were made in the measured stages" in summary.inconclusive[0]
    assert summary.status == Status.INCONCLUSIVE


def test_no_thresholds() -> None:
    """A profile without thresholds cannot fail, so it cannot pass."""
    summary = summary_of(profile(stages=[STEADY]), [ten(number) for number in range(SECONDS)])
    assert "the profile has no thresholds" in summary.inconclusive[0]
    assert summary.status == Status.INCONCLUSIVE


def test_outage_not_judged() -> None:
    """An outage that no threshold judges keeps the others from passing; one that fails stays failed."""
    outage = Circumstances(outages=("the target did not answer from 3 s to 4 s",))
    summary = steady("response p50 < 100ms", "response p50 < 1ms", what=outage)
    assert statuses(summary) == [Status.INCONCLUSIVE, Status.FAIL]
    assert "and no threshold judges failures: add one, as in `failures < 0.1%`" in summary.inconclusive[0]
    assert summary.errors == outage.outages
    assert steady(what=outage).status is Status.PASS


def test_dropped_not_judged() -> None:
    """Latencies that leave out the dropped arrivals cannot pass, unless a threshold judges those."""
    kept, judged = steady("response p50 < 100ms", dropped=5), steady("response p50 < 100ms", "dropped < 90%", dropped=5)
    assert "40 of 120 arrivals of stage steady were dropped" in kept.inconclusive[0]
    assert statuses(kept) == [Status.INCONCLUSIVE]
    assert judged.status == Status.PASS
    assert steady("response p50 < 1ms", dropped=5).status is Status.FAIL


def test_dropped_in_other_stage() -> None:
    """What judges the drops of one stage does not excuse those of another."""
    planned = profile(
        "response p50 < 1s", "dropped < 90% in stage steady", stages=[STEADY, Stage(duration_s=1, rate=9)]
    )
    summary = summary_of(planned, [ten(0, dropped=1), ten(SECONDS, stage=1, dropped=1)])
    assert ["1 of 11 arrivals of stage 1 were dropped" in doubt for doubt in summary.inconclusive] == [True]


def test_too_many_endpoints() -> None:
    """Endpoints that could not be kept apart are a doubt that says how to name requests."""
    crowd = second(0, series(*[10] * 10, endpoint=OTHER_ENDPOINTS))
    summary = summary_of(profile(*THRESHOLDS, BAD.replace("<", ">"), stages=[STEADY]), [crowd])
    assert 'give requests a name, as in name="/items/{id}"' in summary.inconclusive[0]
    assert statuses(summary) == [Status.INCONCLUSIVE, Status.INCONCLUSIVE, Status.FAIL]


def test_summary_of_stages() -> None:
    """Warm-up is shown as a stage and left out of the total; the target's use is that of the measured time."""
    planned = profile("failures < 50%", stages=[COLD, STEADY], arrivals="poisson")
    summary = summary_of(planned, [ten(0), *(ten(number, stage=1) for number in range(3, 3 + SECONDS))])
    assert [(stage.name, stage.warm_up, stage.total.count) for stage in summary.stages] == [
        ("cold", True, 10),
        ("steady", False, 80),
    ]
    assert (summary.total.count, summary.loop, summary.target and summary.target.cpu_mean) == (80, "open", 0.5)
