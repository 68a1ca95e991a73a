"""Whether a run can be trusted: each doubt is a sentence that says why it says nothing, and what to change. Pure.

A run that measured something else than the target under its load (a saturated generator, an interruption, a target
that restarted) cannot tell good from bad: `blind`. One that left something out can still prove the target bad, but
not good: `partial`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.load_records import Generator
from loadtests.engine.recorder import OTHER_ENDPOINTS
from loadtests.histograms import Histogram
from loadtests.judging import stages_of
from loadtests.messages import Second
from loadtests.profile import Profile
from loadtests.tally import Sums
from loadtests.thresholds import LATENCIES, Rule, parse

SATURATED_CPU = 0.85
CPU_OVER_S = 5
HARM_SHARE = 0.2  # of the tightest latency threshold: lag and pauses are part of every response time that is judged
HARM_WITHOUT_THRESHOLD_MS = 100.0


class Circumstances(NamedTuple):
    """What happened to a run, beside its numbers; sentences are for the user."""

    interrupted: bool = False
    aborted: str | None = None
    lost: Sequence[str] = ()
    unaccounted: int = 0
    target_changes: Sequence[str] = ()
    outages: Sequence[str] = ()


class Doubts(NamedTuple):
    """Why a run says nothing, and why it cannot say that the target is good."""

    blind: tuple[str, ...]
    partial: tuple[str, ...]


class Strains:
    """The strain of the generator, in the stages whose latencies a threshold judges.

    In others it may well be short of time: a stage that overloads a target on the same machine leaves it little.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._stages = _judged_stages(profile)
        self._recent: list[float] = []
        self._cpu_sum, self._seconds, self._cpu_peak, self._gc_max_s = 0.0, 0, 0.0, 0.0
        self._lag, self._behind = Histogram(), Histogram()

    def add(self, second: Second) -> None:
        """Take in a second."""
        if self._profile.stage_at(second.second) not in self._stages:
            return
        self._recent = [*self._recent[-CPU_OVER_S + 1 :], second.cpu]
        self._cpu_peak = max(self._cpu_peak, sum(self._recent) / len(self._recent)) if self._has_enough() else 0.0
        self._cpu_sum += second.cpu
        self._seconds += 1
        self._gc_max_s = max(self._gc_max_s, second.gc_s)
        self._lag.add(second.lag)
        self._behind.add(second.behind)

    def _has_enough(self) -> bool:
        measured_s = sum(self._profile.stages[stage].duration_s for stage in self._stages)
        return len(self._recent) >= min(CPU_OVER_S, int(measured_s))

    def generator(self, processes: int, rules: Sequence[Rule]) -> Generator:
        """Return the generator as evidence."""
        lag_ms = self._lag.percentile_ms(0.99)
        most_ms = harm_ms(rules)
        return Generator(
            processes=processes,
            cpu=round(self._cpu_sum / self._seconds, 3) if self._seconds else 0.0,
            cpu_peak=round(self._cpu_peak, 3),
            lag_p99_ms=lag_ms,
            start_lag_ms=self._behind.latency(),
            gc_max_ms=round(self._gc_max_s * 1000, 3),
            saturated=self._cpu_peak >= SATURATED_CPU or lag_ms >= most_ms or self._gc_max_s * 1000 >= most_ms,
        )


def _judged_stages(profile: Profile) -> frozenset[int]:
    rules = [parse(text) for text in profile.thresholds]
    judged = frozenset(stage for rule in rules if rule.measure in LATENCIES for stage in stages_of(rule, profile))
    return judged or frozenset(index for index, stage in enumerate(profile.stages) if not stage.warm_up)


def harm_ms(rules: Sequence[Rule]) -> float:
    """Return from how many milliseconds on a delay of the generator's own would decide a threshold."""
    bounds_ms = [rule.bound for rule in rules if rule.measure in LATENCIES]
    return HARM_SHARE * min(bounds_ms) if bounds_ms else HARM_WITHOUT_THRESHOLD_MS


def doubts_of(profile: Profile, sums: Sums, ended_s: float, generator: Generator, what: Circumstances) -> Doubts:
    """Return every doubt about a run."""
    rules = [parse(text) for text in profile.thresholds]
    return Doubts(
        blind=tuple(_blind(profile, sums, ended_s, generator, what)),
        partial=tuple(_partial(profile, rules, sums, what)),
    )


def _blind(profile: Profile, sums: Sums, ended_s: float, generator: Generator, what: Circumstances) -> Iterator[str]:
    measured = [index for index, stage in enumerate(profile.stages) if not stage.warm_up]
    if what.interrupted:
        yield f"interrupted after {ended_s:.1f} s of {profile.duration_s:g} s: these are partial results"
    elif not sums.part(measured).total.count:
        yield "no requests were made in the measured stages: look at the journeys' tasks, and at the errors"
    if generator.saturated:
        yield (
            f"the load generator was the bottleneck ({generator.cpu_peak:.0%} of a core over {CPU_OVER_S} s, p99 of its"
            f" scheduling lag {generator.lag_p99_ms:.1f} ms, longest pause for garbage {generator.gc_max_ms:.1f} ms):"
            " lower the rate, give it an idle core, or --processes"
        )
    yield from what.lost
    if what.unaccounted:
        yield f"{what.unaccounted:,} arrivals of the schedule were neither started nor dropped: they are missing"
    for change in what.target_changes:
        yield f"{change}: what was measured was a restart"


def _partial(profile: Profile, rules: Sequence[Rule], sums: Sums, what: Circumstances) -> Iterator[str]:
    if not rules:
        yield "the profile has no thresholds: without one a load test cannot fail"
    if what.outages and not any(rule.measure == "failures" for rule in rules):
        yield f"{what.outages[0]}, and no threshold judges failures: add one, as in `failures < 0.1%`"
    yield from _dropped(profile, rules, sums)
    if OTHER_ENDPOINTS in sums.part(range(len(profile.stages))).endpoints:
        yield 'the journeys made more endpoints than are kept apart: give requests a name, as in name="/items/{id}"'


def _dropped(profile: Profile, rules: Sequence[Rule], sums: Sums) -> Iterator[str]:
    """Yield stages whose latencies are judged although arrivals are missing from them, and nothing judges that."""
    judged = {stage for rule in rules if rule.measure in LATENCIES for stage in stages_of(rule, profile)}
    covered = {stage for rule in rules if rule.measure in {"dropped", "rate"} for stage in stages_of(rule, profile)}
    for stage in sorted(judged - covered):
        arrivals = sums.part([stage]).arrivals
        if arrivals.dropped:
            yield (
                f"{arrivals.dropped:,} of {arrivals.intended:,} arrivals of stage {profile.titles[stage]} were dropped,"
                " so its latencies leave out the slowest: add `dropped == 0`, more users, or lower the rate"
            )
