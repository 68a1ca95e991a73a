"""From what engines measured to the summary: merged histograms, judged thresholds, and whether to trust any of it."""

from collections.abc import Iterable, Sequence

from harness.results import Arrivals, EndpointLoad, Generator, LoadSummary, Status, Threshold
from loadtests.histograms import Histogram
from loadtests.messages import Report, Second, SeriesReport
from loadtests.profile import Profile
from loadtests.thresholds import LATENCIES, Evidence, judge, parse

SATURATED_CPU = 0.85
SATURATED_LAG_SHARE = 0.2  # of the tightest latency threshold: lag is part of every response time that is judged
LAG_WITHOUT_THRESHOLD_MS = 100.0


def summarize(
    name: str, seed: int, reproduce: str, profile: Profile, seconds: Sequence[Second], report: Report
) -> LoadSummary:
    """Return the summary of a run, its thresholds judged; a run that cannot be trusted leaves them inconclusive."""
    measured = [series for series in report.series if not profile.stages[series.stage].warm_up]
    warm_up = [series for series in report.series if profile.stages[series.stage].warm_up]
    names = sorted({series.endpoint for series in measured})
    evidence = Evidence(
        total=_load("total", measured),
        endpoints=tuple(_load(name, [one for one in measured if one.endpoint == name]) for name in names),
        arrivals=_sum(stage.arrivals for stage in report.stages if not profile.stages[stage.stage].warm_up),
        intended_s=profile.measured_s(min(report.ended_s, profile.duration_s)),
        seconds=profile.measured_s(report.ended_s),
    )
    generator = _generator(profile, seconds, report)
    outages = tuple(_outages(seconds))
    doubts = tuple(_doubts(profile, report, evidence, generator, outages))
    return LoadSummary(
        profile=name,
        seed=seed,
        seconds=round(evidence.seconds, 3),
        arrivals=evidence.arrivals,
        total=evidence.total,
        endpoints=evidence.endpoints,
        generator=generator,
        thresholds=tuple(_judged(text, evidence, doubts) for text in profile.thresholds),
        errors=outages + tuple(f"{count} times: {sentence}" for sentence, count in report.errors.items()),
        reproduce=reproduce,
        inconclusive=doubts,
        warm_up=_load("warm-up", warm_up) if warm_up else None,
    )


def status_of(summary: LoadSummary) -> Status:
    """Return what the whole run says: its worst threshold; inconclusive without thresholds or with any doubt."""
    if summary.inconclusive:
        return Status.INCONCLUSIVE
    return Status.worst(threshold.status for threshold in summary.thresholds)


def _judged(text: str, evidence: Evidence, doubts: Sequence[str]) -> Threshold:
    if evidence.total.count == 0:
        return Threshold(expression=text, status=Status.INCONCLUSIVE, observed="no requests")
    threshold = judge(text, evidence)
    if not doubts:
        return threshold
    observed = f"{threshold.observed}; not to be trusted"
    return Threshold(expression=text, status=Status.INCONCLUSIVE, observed=observed)


def _load(name: str, series: Sequence[SeriesReport]) -> EndpointLoad:
    service = Histogram.merged(Histogram.decode(one.service) for one in series)
    response = Histogram.merged(Histogram.decode(one.response) for one in series)
    return EndpointLoad(
        name=name,
        count=response.count,
        failures=sum(one.failures for one in series),
        service_ms=service.latency(),
        response_ms=response.latency(),
    )


def _sum(parts: Iterable[Arrivals]) -> Arrivals:
    every = list(parts)
    return Arrivals(
        intended=sum(part.intended for part in every),
        started=sum(part.started for part in every),
        dropped=sum(part.dropped for part in every),
        late=sum(part.late for part in every),
    )


def _generator(profile: Profile, seconds: Sequence[Second], report: Report) -> Generator:
    shares = [second.cpu for second in seconds if not second.warm_up]
    cpu = sum(shares) / len(shares) if shares else 0.0
    lag_ms = Histogram.decode(report.lag).latency().p99
    bounds_ms = [rule.bound for rule in map(parse, profile.thresholds) if rule.measure in LATENCIES]
    most_ms = SATURATED_LAG_SHARE * min(bounds_ms) if bounds_ms else LAG_WITHOUT_THRESHOLD_MS
    return Generator(cpu=round(cpu, 3), lag_p99_ms=lag_ms, saturated=cpu >= SATURATED_CPU or lag_ms >= most_ms)


def _doubts(
    profile: Profile, report: Report, evidence: Evidence, generator: Generator, outages: Sequence[str]
) -> Iterable[str]:
    """Yield why this run says nothing, and what to change."""
    if report.interrupted:
        yield f"interrupted after {report.ended_s:.1f} s of {profile.duration_s:g} s: these are partial results"
    elif evidence.total.count == 0:
        yield "no requests were made in the measured stages: look at the journeys' tasks, and at the errors"
    if generator.saturated:
        yield (
            f"the load generator was the bottleneck ({generator.cpu:.0%} of a core, p99 of its scheduling lag"
            f" {generator.lag_p99_ms:.1f} ms): lower the rate, or give it an idle core"
        )
    if outages and not any(parse(text).measure == "failures" for text in profile.thresholds):
        yield f"{outages[0]}, and no threshold judges failures: add one, as in `failures < 0.1%`"
    if not profile.thresholds:
        yield "the profile has no thresholds: without one a load test cannot fail"


def _outages(seconds: Sequence[Second]) -> Iterable[str]:
    """Yield a sentence for each stretch of seconds in which requests ended, and none with an answer."""
    start: int | None = None
    for second in seconds:
        dead = second.unanswered > 0 and second.answered == 0
        if dead and start is None:
            start = second.second
        if start is not None and second.answered > 0:
            yield f"the target did not answer from {start} s to {second.second} s"
            start = None
    if start is not None:
        yield f"the target stopped answering at {start} s and did not come back"
