"""Judges thresholds: while a run goes on, second by second, and on all of it at the end. Pure."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from harness.load_records import Arrivals, Threshold
from harness.results import Status
from loadtests.messages import Second
from loadtests.profile import Profile
from loadtests.tally import Load, Part, Sums
from loadtests.thresholds import ARRIVALS, INTENDED, LATENCIES, MEAN, QUANTITIES, Rule, parse

ABORT_AFTER_S = 10  # a threshold without a window of its own ends a run only when this much was measured


class Evidence(NamedTuple):
    """What a threshold is judged on: the requests of some time, the rate that was intended, and how long it took.

    `intended_rate`: arrivals per second; 0 where none is intended (a closed loop).
    """

    part: Part
    intended_rate: float
    seconds: float


class Judgement(NamedTuple):
    """What a threshold says of some evidence."""

    status: Status
    observed: str


@dataclass
class _Watch:
    """A threshold with what its windows showed so far."""

    rule: Rule
    stages: frozenset[int]
    judged: int = 0
    first_broken: str = ""
    broken: int = 0
    last: str = ""


class Judge:
    """The thresholds of a run."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._watches = [_Watch(rule, stages_of(rule, profile)) for rule in map(parse, profile.thresholds)]
        longest = max((watch.rule.window_s or 0 for watch in self._watches), default=0)
        self._recent: deque[Second] = deque(maxlen=longest)

    def observe(self, second: Second, sums: Sums) -> str | None:
        """Take in a second, already among `sums`; return the threshold that ends the run now, if one does."""
        self._recent.append(second)
        abort = None
        for watch in self._watches:
            broken = self._observe_window(watch) if watch.rule.window_s else self._breaks(watch, sums, second)
            if broken and watch.rule.abort:
                abort = abort or watch.rule.text
        return abort

    def thresholds(self, sums: Sums, ended_s: float) -> tuple[Threshold, ...]:
        """Return every threshold as judged."""
        return tuple(
            Threshold(expression=watch.rule.text, status=judgement.status, observed=judgement.observed)
            for watch in self._watches
            for judgement in [_of_windows(watch) if watch.rule.window_s else self._of_all(watch, sums, ended_s)]
        )

    def _of_all(self, watch: _Watch, sums: Sums, ended_s: float) -> Judgement:
        return judge(watch.rule, evidence_of(self._profile, watch.stages, sums, ended_s))

    def _breaks(self, watch: _Watch, sums: Sums, second: Second) -> bool:
        """Whether a threshold that may end the run is broken by all that was measured until now."""
        if not watch.rule.abort:
            return False
        evidence = evidence_of(self._profile, watch.stages, sums, second.second + 1.0)
        return evidence.seconds >= ABORT_AFTER_S and judge(watch.rule, evidence).status is Status.FAIL

    def _observe_window(self, watch: _Watch) -> bool:
        """Judge the window that ends with the last second, if it lies in judged stages as a whole."""
        rule = watch.rule
        window = list(self._recent)[-(rule.window_s or 0) :]
        first, end = window[0].second, window[-1].second + 1
        if len(window) < (rule.window_s or 0) or not self._stages_between(first, end) <= watch.stages:
            return False
        part = Sums(window).part(watch.stages)
        seconds = end - first
        judgement = judge(rule, Evidence(part, self._profile.intended(first, end) / seconds, seconds))
        if judgement.status is Status.INCONCLUSIVE:
            return False
        watch.judged += 1
        watch.last = f"{judgement.observed} from {first} s to {end} s"
        if judgement.status is Status.FAIL:
            watch.broken += 1
            watch.first_broken = watch.first_broken or watch.last
        return judgement.status is Status.FAIL

    def _stages_between(self, first_s: float, end_s: float) -> set[int]:
        return set(range(self._profile.stage_at(first_s), self._profile.stage_at(end_s - 1e-6) + 1))


def stages_of(rule: Rule, profile: Profile) -> frozenset[int]:
    """Return the stages that a threshold judges: its own, or all that are not warm-up."""
    if rule.stage is not None:
        return frozenset({profile.titles.index(rule.stage)})
    return frozenset(index for index, stage in enumerate(profile.stages) if not stage.warm_up)


def evidence_of(profile: Profile, stages: frozenset[int], sums: Sums, ended_s: float) -> Evidence:
    """Return what some stages of a run had until a time; what was counted after the last stage is the last one's."""
    part = sums.part(stages)
    last = len(profile.stages) - 1 in stages
    overtime_s = max(0.0, ended_s - profile.duration_s) if last else 0.0
    planned_s = profile.seconds_of(stages, ended_s)
    intended_rate = part.arrivals.intended / planned_s if profile.is_open and planned_s else 0.0
    return Evidence(part, intended_rate, planned_s + overtime_s)


def judge(rule: Rule, evidence: Evidence) -> Judgement:
    """Judge one threshold; it is inconclusive where the numbers do not suffice to say either."""
    load = evidence.part.total
    if rule.endpoint is not None:
        if rule.endpoint not in evidence.part.endpoints:
            reached = ", ".join(evidence.part.endpoints) or "none"
            return Judgement(Status.INCONCLUSIVE, f"no request of it; there were: {reached}")
        load = evidence.part.endpoints[rule.endpoint]
    if load.count < rule.needed and rule.measure not in ARRIVALS:
        seen = f"{load.count} requests; {rule.quantity or rule.measure} needs {rule.needed} or more"
        return Judgement(Status.INCONCLUSIVE, seen)
    if rule.unit in {INTENDED, "%"} and rule.measure in ARRIVALS and not evidence.intended_rate:
        return Judgement(Status.INCONCLUSIVE, "no arrivals were intended")
    value, observed = _observe(rule, load, evidence)
    return Judgement(Status.PASS if rule.holds(value) else Status.FAIL, observed)


def _of_windows(watch: _Watch) -> Judgement:
    rule = watch.rule
    if watch.broken:
        times = f"first of {watch.broken} such stretches" if watch.broken > 1 else "the only such stretch"
        return Judgement(Status.FAIL, f"{watch.first_broken}, {times} of {watch.judged}")
    if not watch.judged:
        return Judgement(
            Status.INCONCLUSIVE, f"no stretch of {rule.window_s} s had the {rule.needed} requests it needs"
        )
    return Judgement(Status.PASS, f"in each of {watch.judged} stretches of {rule.window_s} s; in the last {watch.last}")


def _observe(rule: Rule, load: Load, evidence: Evidence) -> tuple[float, str]:
    """Return the value in the unit of the rule's bound, and a sentence with the sample size."""
    if rule.measure in LATENCIES:
        histogram = load.response if rule.measure == "response" else load.service
        share = QUANTITIES[rule.quantity].share
        value = histogram.mean_ms() if rule.quantity == MEAN else histogram.percentile_ms(share)
        return value, f"{value:.4g} ms of {load.count} requests"
    if rule.measure == "rate":
        return _observe_rate(rule, load, evidence)
    arrivals: Arrivals = evidence.part.arrivals
    count, whole = {
        "failures": (load.failures, load.count),
        "dropped": (arrivals.dropped, arrivals.intended),
        "late": (arrivals.late, arrivals.intended),
    }[rule.measure]
    share = count / whole if whole else 0.0
    return share if rule.unit == "%" else count, f"{count} of {whole} ({share:.3%})"


def _observe_rate(rule: Rule, load: Load, evidence: Evidence) -> tuple[float, str]:
    achieved = load.count / evidence.seconds if evidence.seconds else 0.0
    shown = f"{achieved:.4g}/s over {evidence.seconds:.1f} s"
    if not evidence.intended_rate:
        return achieved, shown
    share = achieved / evidence.intended_rate
    return share if rule.unit == INTENDED else achieved, f"{shown}, {share:.1%} of {evidence.intended_rate:.4g}/s"
