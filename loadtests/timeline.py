"""What a run was like from second to second: the timeline's rows, points of Locust's charts, outages."""

from collections.abc import Sequence

from harness.load_records import LoadSecond
from loadtests.messages import Second
from loadtests.page_input import Moment
from loadtests.profile import Profile
from loadtests.tally import Load, Sums
from loadtests.target_watch import Use

CHART_EVERY_S = 5


class Timeline:
    """Grows by a second at a time; rows are handed on, only what the end needs is kept."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._open: list[Second] = []
        self.moments: list[Moment] = []
        self.outages: list[str] = []
        self._dead_since: int | None = None

    def row(self, second: Second, use: Use | None) -> LoadSecond:
        """Take in a second and return its row."""
        load = Sums([second]).part(range(len(self._profile.stages))).total
        self._note_moment(second)
        self._note_outage(second.second, load)
        return _row(self._profile, second, load, use)

    def close(self) -> None:
        """Take in that no more comes."""
        if self._open:
            self._add_moment()
        if self._dead_since is not None:
            self.outages.append(f"the target stopped answering at {self._dead_since} s and did not come back")

    def _note_moment(self, second: Second) -> None:
        self._open.append(second)
        if len(self._open) == CHART_EVERY_S:
            self._add_moment()

    def _add_moment(self) -> None:
        load = Sums(self._open).part(range(len(self._profile.stages))).total
        self.moments.append(
            Moment(
                ended_s=self._open[-1].second + 1.0,
                rate=load.count / len(self._open),
                failure_rate=load.failures / len(self._open),
                response=dict(load.response.cells),
                users=self._profile.users,
            )
        )
        self._open = []

    def _note_outage(self, second: int, load: Load) -> None:
        """Notice where requests ended, and none with an answer."""
        answered = load.count - load.unanswered
        if load.unanswered and not answered and self._dead_since is None:
            self._dead_since = second
        elif self._dead_since is not None and answered:
            self.outages.append(f"the target did not answer from {self._dead_since} s to {second} s")
            self._dead_since = None


def _row(profile: Profile, second: Second, load: Load, use: Use | None) -> LoadSecond:
    stage = profile.stage_at(second.second)
    return LoadSecond(
        second=second.second,
        stage=profile.titles[stage],
        warm_up=profile.stages[stage].warm_up,
        started=sum(fates.started for fates in second.fates),
        answered=load.count - load.unanswered,
        failures=load.failures,
        unanswered=load.unanswered,
        in_flight=second.in_flight,
        late=sum(fates.late for fates in second.fates),
        dropped=sum(fates.dropped for fates in second.fates),
        response_p50_ms=load.response.percentile_ms(0.50) if load.count else None,
        response_p99_ms=load.response.percentile_ms(0.99) if load.count else None,
        cpu=second.cpu,
        target_cpu=None if use is None else use.cpu,
        target_rss_mb=None if use is None else use.rss_mb,
    )


def progress(rows: Sequence[LoadSecond], profile: Profile) -> str:
    """Return the last seconds as a line for the terminal."""
    last = rows[-1]
    now = last.second + 1
    slowest = max((row.response_p99_ms for row in rows if row.response_p99_ms is not None), default=None)
    return (
        f"{now:4d} s  {last.stage:12} {sum(row.started for row in rows) / len(rows):7.1f}/s"
        f"  response p99 {'-' if slowest is None else f'{slowest:.1f} ms'}"
        f"  failures {sum(row.failures for row in rows)}"
        f"  in flight {last.in_flight}  {max(0, round(profile.duration_s - now))} s left"
    )
