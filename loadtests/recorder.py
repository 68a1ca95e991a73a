"""The recorder: the fate of every slot, both latencies of every request, per stage and endpoint. Knows no Locust."""

from collections import Counter
from typing import NamedTuple

from harness.results import Arrivals
from loadtests.histograms import Histogram
from loadtests.messages import Report, Second, SeriesReport, StageReport
from loadtests.profile import Profile
from loadtests.schedule import Slot

LATE_S = 0.010  # a request that starts later than this counts as late
MAX_KINDS_OF_ERRORS = 100  # an error message with a number in it must not eat the memory
OTHER_ERRORS = "other errors"
NO_ANSWER = "no answer before the run ended"
NOT_JUDGED = "the journey left its with-block by an error before it judged the answer"


class _Started(NamedTuple):
    """A request on its way: its slot, how long after it was due it was sent, and the endpoint."""

    slot: Slot
    behind_s: float
    endpoint: str


class _Series:
    """One endpoint in one stage."""

    def __init__(self) -> None:
        self.service = Histogram()
        self.response = Histogram()
        self.failures = 0


class Recorder:
    """Times are seconds since the start of the schedule."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._fates: list[Counter[str]] = [Counter() for _stage in profile.stages]
        self._series: dict[tuple[int, str], _Series] = {}
        self._in_flight: dict[int, _Started] = {}
        self._unjudged: dict[int, tuple[_Started, float]] = {}
        self._errors: Counter[str] = Counter()
        self._lag = Histogram()
        self._tally: Counter[str] = Counter()
        self._responses_s: list[float] = []
        self._last_outcome_s = 0.0

    def drop(self, slot: Slot) -> None:
        """Note a slot that will never be started."""
        self._fates[slot.stage]["dropped"] += 1
        self._tally["dropped"] += 1

    def start(self, slot: Slot, now_s: float, endpoint: str) -> None:
        """Note a request that is sent now."""
        behind_s = now_s - slot.due_s
        self._in_flight[slot.number] = _Started(slot, behind_s, endpoint)
        late = int(behind_s > LATE_S)
        self._fates[slot.stage].update(started=1, late=late)
        self._tally.update(started=1, late=late)

    def hold(self, slot: Slot, now_s: float) -> None:
        """Note that a request was answered; its journey has yet to judge the answer (`catch_response=True`)."""
        if started := self._in_flight.pop(slot.number, None):
            self._unjudged[slot.number] = (started, now_s)

    def finish(self, slot: Slot, service_s: float, endpoint: str, error: str | None, *, answered: bool) -> None:
        """Note the outcome of a request; `answered`: with an HTTP status. Response time counts from due."""
        started = self._in_flight.pop(slot.number, None) or self._unjudged.pop(slot.number, (None, 0.0))[0]
        if started is None:
            self.note_error(f"{endpoint}: reported twice")
            return
        response_s = started.behind_s + service_s
        series = self._series.setdefault((slot.stage, endpoint), _Series())
        series.service.record(service_s)
        series.response.record(response_s)
        self._responses_s.append(response_s)
        self._last_outcome_s = max(self._last_outcome_s, slot.due_s + response_s)
        self._tally.update(answered=int(answered), unanswered=int(not answered), failures=int(error is not None))
        if error is not None:
            series.failures += 1
            self.note_error(f"{endpoint}: {error}")

    def note_error(self, sentence: str) -> None:
        """Count an error by its sentence."""
        known = sentence in self._errors or len(self._errors) < MAX_KINDS_OF_ERRORS
        self._errors[sentence if known else OTHER_ERRORS] += 1

    def note_lag(self, seconds: float, now_s: float) -> None:
        """Note how much later than asked the engine itself woke up; warm-up does not count."""
        if not self._profile.stages[self._profile.stage_at(now_s)].warm_up:
            self._lag.record(seconds)

    def cut_second(self, second: int, cpu: float) -> Second:
        """Return what happened since the last cut, and begin anew."""
        index = self._profile.stage_at(second)
        stage = self._profile.stages[index]
        responses = sorted(self._responses_s)
        tally, self._tally, self._responses_s = self._tally, Counter(), []
        return Second(
            second=second,
            stage=stage.name or str(index),
            warm_up=stage.warm_up,
            started=tally["started"],
            answered=tally["answered"],
            failures=tally["failures"],
            unanswered=tally["unanswered"],
            in_flight=len(self._in_flight),
            late=tally["late"],
            dropped=tally["dropped"],
            response_p50_ms=_percentile_ms(responses, 0.50),
            response_p99_ms=_percentile_ms(responses, 0.99),
            cpu=round(cpu, 3),
        )

    def settle(self, now_s: float) -> None:
        """Count every request that is still without an outcome as a failure; without an answer, of this length."""
        for slot, behind_s, endpoint in list(self._in_flight.values()):
            self.finish(slot, now_s - slot.due_s - behind_s, endpoint, NO_ANSWER, answered=False)
        for (slot, behind_s, endpoint), answered_s in list(self._unjudged.values()):
            self.finish(slot, answered_s - slot.due_s - behind_s, endpoint, NOT_JUDGED, answered=True)

    def report(self, ended_s: float, *, interrupted: bool) -> Report:
        """Return everything that was measured."""
        return Report(
            stages=tuple(
                StageReport(stage=stage, arrivals=_arrivals(fates)) for stage, fates in enumerate(self._fates)
            ),
            series=tuple(
                SeriesReport(
                    stage=stage,
                    endpoint=endpoint,
                    failures=series.failures,
                    service=series.service.encode(),
                    response=series.response.encode(),
                )
                for (stage, endpoint), series in sorted(self._series.items())
            ),
            lag=self._lag.encode(),
            errors=dict(self._errors.most_common()),
            ended_s=max(ended_s, self._last_outcome_s),
            interrupted=interrupted,
        )


def _arrivals(fates: Counter[str]) -> Arrivals:
    return Arrivals(
        intended=fates["started"] + fates["dropped"],
        started=fates["started"],
        dropped=fates["dropped"],
        late=fates["late"],
    )


def _percentile_ms(ordered_s: list[float], share: float) -> float | None:
    """Return a percentile (nearest rank) of seconds in order, in milliseconds."""
    if not ordered_s:
        return None
    return round(ordered_s[max(0, round(share * len(ordered_s) + 0.5) - 1)] * 1000, 3)
