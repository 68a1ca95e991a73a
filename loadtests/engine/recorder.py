"""The recorder: the fate of every slot and both latencies of every request, told a second at a time. Knows no Locust.

It forgets a second as soon as it has told it, so an engine's memory does not grow with the length of a run; whoever
listens adds up (`loadtests.tally`).
"""

from collections import Counter
from typing import NamedTuple

from loadtests.histograms import Cells, cell_of
from loadtests.messages import Fates, Second, Series
from loadtests.profile import Profile
from loadtests.schedule import Slot

LATE_S = 0.010  # a request that starts later than this counts as late
MAX_KINDS_OF_ERRORS = 100  # a message or a name with a number in it must not eat the memory
MAX_ENDPOINTS = 1000
OTHER_ERRORS = "other errors"
OTHER_ENDPOINTS = "OTHER endpoints"
NO_ANSWER = "no answer before the run ended"
NOT_JUDGED = "the journey left its with-block by an error before it judged the answer"


class _Started(NamedTuple):
    """A request on its way: its slot, how long after it was due it was sent, and the endpoint."""

    slot: Slot
    behind_s: float
    endpoint: str


class _Series:
    """One endpoint in one stage and second."""

    __slots__ = ("failures", "response", "service", "size", "unanswered")

    def __init__(self) -> None:
        self.service: Cells = {}
        self.response: Cells = {}
        self.failures = self.unanswered = self.size = 0


class Recorder:
    """Times are seconds since the start of the schedule."""

    def __init__(self, profile: Profile) -> None:
        self._warm_up = [stage.warm_up for stage in profile.stages]
        self._in_flight: dict[int, _Started] = {}
        self._unjudged: dict[int, tuple[_Started, float]] = {}
        self._endpoints: set[str] = set()
        self._kinds_of_errors: set[str] = set()
        self.last_outcome_s = 0.0
        self._begin_second()

    def _begin_second(self) -> None:
        self._started, self._late, self._dropped = ([0] * len(self._warm_up) for _fate in range(3))
        self._series: dict[tuple[int, str], _Series] = {}
        self._errors: Counter[str] = Counter()
        self._behind: Cells = {}
        self._lag: Cells = {}

    def drop(self, slot: Slot) -> None:
        """Note a slot that will never be started."""
        self._dropped[slot.stage] += 1

    def start(self, slot: Slot, now_s: float, endpoint: str) -> None:
        """Note a request that is sent now."""
        behind_s = now_s - slot.due_s
        self._in_flight[slot.number] = _Started(slot, behind_s, endpoint)
        self._started[slot.stage] += 1
        self._late[slot.stage] += behind_s > LATE_S
        if not self._warm_up[slot.stage]:
            _count(self._behind, behind_s)

    def hold(self, slot: Slot, now_s: float) -> None:
        """Note that a request was answered; its journey has yet to judge the answer (`catch_response=True`)."""
        if started := self._in_flight.pop(slot.number, None):
            self._unjudged[slot.number] = (started, now_s)

    def fail(self, slot: Slot, now_s: float, error: str) -> None:
        """Note that a request ended without an answer now, unless its outcome is known."""
        if started := self._in_flight.get(slot.number):
            service_s = now_s - slot.due_s - started.behind_s
            self.finish(slot, service_s, started.endpoint, error, status=0, size=0)

    def finish(self, slot: Slot, service_s: float, endpoint: str, error: str | None, *, status: int, size: int) -> None:
        """Note the outcome of a request; `status` is 0 without an HTTP answer. Response time counts from due."""
        started = self._in_flight.pop(slot.number, None) or self._unjudged.pop(slot.number, (None, 0.0))[0]
        if started is None:
            self.note_error(f"{endpoint}: reported twice")
            return
        response_s = started.behind_s + service_s
        series = self._series_of(slot.stage, endpoint)
        _count(series.service, service_s)
        _count(series.response, response_s)
        series.size += size
        series.unanswered += not status
        self.last_outcome_s = max(self.last_outcome_s, slot.due_s + response_s)
        if error is not None:
            series.failures += 1
            self.note_error(f"{endpoint}: {error}")

    def note_error(self, sentence: str) -> None:
        """Count an error by its sentence."""
        self._errors[_bounded(sentence, self._kinds_of_errors, MAX_KINDS_OF_ERRORS, OTHER_ERRORS)] += 1

    def note_lag(self, seconds: float) -> None:
        """Note how much later than asked the engine itself woke up."""
        _count(self._lag, seconds)

    def cut_second(self, second: int, *, warm_up: bool, cpu: float, gc_s: float) -> Second:
        """Return what happened since the last cut, and begin anew. Lag of a warm-up does not count."""
        told = Second(
            second=second,
            fates=tuple(
                Fates(stage=stage, started=started, late=late, dropped=dropped)
                for stage, (started, late, dropped) in enumerate(
                    zip(self._started, self._late, self._dropped, strict=True)
                )
                if started or dropped
            ),
            series=tuple(
                Series(
                    stage=stage,
                    endpoint=endpoint,
                    failures=series.failures,
                    unanswered=series.unanswered,
                    size=series.size,
                    service=series.service,
                    response=series.response,
                )
                for (stage, endpoint), series in self._series.items()
            ),
            errors=dict(self._errors),
            in_flight=len(self._in_flight),
            behind=self._behind,
            lag={} if warm_up else self._lag,
            cpu=round(cpu, 3),
            gc_s=gc_s,
        )
        self._begin_second()
        return told

    def settle(self, now_s: float) -> None:
        """Count every request that is still without an outcome as a failure; without an answer, of this length."""
        for started in list(self._in_flight.values()):
            self.fail(started.slot, now_s, NO_ANSWER)
        for (slot, behind_s, endpoint), answered_s in list(self._unjudged.values()):
            self.finish(slot, answered_s - slot.due_s - behind_s, endpoint, NOT_JUDGED, status=1, size=0)

    def _series_of(self, stage: int, endpoint: str) -> _Series:
        series = self._series.get((stage, endpoint))
        if series is None:
            endpoint = _bounded(endpoint, self._endpoints, MAX_ENDPOINTS, OTHER_ENDPOINTS)
            series = self._series.setdefault((stage, endpoint), _Series())
        return series


def _count(cells: Cells, seconds: float) -> None:
    cell = cell_of(seconds)
    cells[cell] = cells.get(cell, 0) + 1


def _bounded(word: str, known: set[str], most: int, otherwise: str) -> str:
    """Return a word while there are few of them, and the same other word for all that come later."""
    if word not in known:
        if len(known) >= most:
            return otherwise
        known.add(word)
    return word
