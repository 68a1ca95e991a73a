"""From what a run measured to its summary: judged thresholds, and whether to trust any of it. Pure."""

from collections.abc import Sequence

from harness.load_records import LoadSummary, StageLoad, TargetUse, Threshold
from harness.results import Status
from loadtests.measured import Measured
from loadtests.profile import Profile
from loadtests.tally import Part
from loadtests.target_watch import Use
from loadtests.thresholds import parse
from loadtests.trust import Circumstances, Doubts, doubts_of


def summarize(
    name: str,
    seed: int,
    reproduce: str,
    processes: int,
    measured: Measured,
    what: Circumstances,
    not_exercised: Sequence[str] = (),
) -> LoadSummary:
    """Return the summary of a run, its thresholds judged; a run that cannot be trusted leaves them inconclusive."""
    profile, sums = measured.profile, measured.sums
    stages = [index for index, stage in enumerate(profile.stages) if not stage.warm_up]
    part = sums.part(stages)
    generator = measured.strains.generator(processes, [parse(text) for text in profile.thresholds])
    doubts = doubts_of(profile, sums, measured.ended_s, generator, what)
    overtime_s = max(0.0, measured.ended_s - profile.duration_s) if len(profile.stages) - 1 in stages else 0.0
    return LoadSummary(
        profile=name,
        seed=seed,
        loop="open" if profile.is_open else "closed",
        seconds=round(profile.seconds_of(stages, measured.ended_s) + overtime_s, 3),
        arrivals=part.arrivals,
        total=part.total.record("total"),
        endpoints=tuple(load.record(endpoint) for endpoint, load in part.endpoints.items()),
        stages=tuple(_stage(profile, index, sums.part([index])) for index in range(len(profile.stages))),
        generator=generator,
        thresholds=tuple(_credible(one, doubts) for one in measured.judge.thresholds(sums, measured.ended_s)),
        errors=(*what.outages, *(f"{count} times: {sentence}" for sentence, count in measured.errors.most_common())),
        reproduce=reproduce,
        target=_use(measured.uses),
        aborted=what.aborted,
        inconclusive=doubts.blind + doubts.partial,
        not_exercised=tuple(not_exercised),
    )


def _credible(threshold: Threshold, doubts: Doubts) -> Threshold:
    """Return a threshold as far as it can be believed: a blind run says nothing, a partial one does not say pass."""
    if doubts.blind or (doubts.partial and threshold.status is Status.PASS):
        return Threshold(
            expression=threshold.expression,
            status=Status.INCONCLUSIVE,
            observed=f"{threshold.observed}; not to be trusted",
        )
    return threshold


def _stage(profile: Profile, index: int, part: Part) -> StageLoad:
    stage = profile.stages[index]
    return StageLoad(
        name=profile.titles[index],
        warm_up=stage.warm_up,
        start_s=profile.starts_s[index],
        duration_s=stage.duration_s,
        arrivals=part.arrivals,
        total=part.total.record("total"),
        endpoints=tuple(load.record(endpoint) for endpoint, load in part.endpoints.items()),
    )


def _use(uses: Sequence[Use]) -> TargetUse | None:
    if not uses:
        return None
    cpu = [use.cpu for use in uses]
    return TargetUse(
        cpu_mean=round(sum(cpu) / len(cpu), 3), cpu_peak=max(cpu), rss_peak_mb=max(use.rss_mb for use in uses)
    )
