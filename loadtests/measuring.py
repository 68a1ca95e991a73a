"""Lets the engines put their load on a launched target, and takes in what they and the target show meanwhile."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from harness.launch import Launched
from harness.load_records import LoadSecond
from harness.target import Target
from loadtests.crew import Crew, Ending
from loadtests.evidence import METRICS, TIMELINE, Stream
from loadtests.measured import Measured
from loadtests.messages import Plan, Second
from loadtests.profile import Profile
from loadtests.target_watch import TargetWatch
from loadtests.timeline import progress
from loadtests.trust import Circumstances

PROGRESS_EVERY_S = 2
Say = Callable[[str], None]


class Measurement(NamedTuple):
    """What was measured, under which circumstances, and whether the target has ended by itself."""

    measured: Measured
    what: Circumstances
    target_gone: bool


def measure(crew: Crew, target: Target, launched: Launched, plan: Plan, folder: Path, say: Say) -> Measurement:
    """Run the plan to its end, to Ctrl-C, or to a threshold that ends it; `folder` gets timeline and metrics."""
    metrics = target.settings.metrics
    with contextlib.ExitStack() as stack:
        rows = stack.enter_context(Stream(folder / TIMELINE))
        samples = stack.enter_context(Stream(folder / METRICS))
        metrics_url = urljoin(launched.base_url, metrics.path) if metrics else None
        watch = stack.enter_context(TargetWatch(launched.pid, metrics_url, samples.write))
        watcher = _Watcher(crew, plan.profile, watch, rows, say)
        interruption = stack.enter_context(_stopped_by_signals(crew))
        ending = crew.run(watcher.take)
        watcher.end(ending)
        changes = watch.changes
    if watch.metrics_error:
        say(f"the target's metrics are not all there: {watch.metrics_error}")
    what = Circumstances(
        interrupted=interruption.happened or (ending.interrupted and watcher.aborted is None),  # or on Locust's page
        aborted=watcher.aborted,
        lost=ending.lost,
        unaccounted=0 if ending.interrupted else watcher.measured.unaccounted(plan.seed),
        target_changes=changes,
        outages=watcher.measured.timeline.outages,
    )
    return Measurement(watcher.measured, what, watch.gone)


class _Watcher:
    """Takes in the seconds of a run: adds them up, writes and shows them, ends the run when a threshold says so."""

    def __init__(self, crew: Crew, profile: Profile, watch: TargetWatch, rows: Stream, say: Say) -> None:
        self.measured = Measured(profile)
        self.aborted: str | None = None
        self._crew = crew
        self._profile = profile
        self._watch = watch
        self._rows = rows
        self._say = say
        self._last: Second | None = None
        self._shown: list[LoadSecond] = []

    def take(self, second: Second) -> None:
        """Take in a second. Its row is written with the next one: by then what the target used in it is known too."""
        self._write_last()
        self._last = second
        aborted = self.measured.add(second)
        if aborted and self.aborted is None:
            self.aborted = aborted
            self._say(f"ending early: `{aborted}` does not hold")
            self._crew.stop()

    def end(self, ending: Ending) -> None:
        """Take in that no more comes."""
        self._write_last()
        self.measured.end(ending.ended_s)

    def _write_last(self) -> None:
        if self._last is None:
            return
        row = self.measured.row(self._last, self._watch.use_in(self._last.second))
        self._rows.row(row)
        self._shown.append(row)
        if len(self._shown) == PROGRESS_EVERY_S:
            self._say(progress(self._shown, self._profile))
            self._shown = []


class _Interruption:
    happened = False


@contextlib.contextmanager
def _stopped_by_signals(crew: Crew) -> Iterator[_Interruption]:
    """Let the first Ctrl-C or SIGTERM end the load early, with its results; a second one acts as ever."""
    interruption = _Interruption()

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        interruption.happened = True
        crew.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
