"""Each second of a run as a row, points for Locust's charts, outages, and the line of progress."""

import pytest

from harness.load_records import LoadSecond
from loadtests.histograms import Histogram
from loadtests.messages import Second
from loadtests.profile import Profile, Stage
from loadtests.target_watch import Use
from loadtests.tests.samples import cells, profile, second, series
from loadtests.timeline import CHART_EVERY_S, Timeline, progress

PROFILE: Profile = profile(
    stages=[Stage(duration_s=2, rate=9, name="cold", warm_up=True), Stage(duration_s=8, rate=9, name="steady")], users=7
)


@pytest.fixture
def timeline() -> Timeline:
    """Give an empty timeline."""
    return Timeline(PROFILE)


def rows(timeline: Timeline, *seconds: Second) -> list[LoadSecond]:
    """Let a timeline take in seconds and close it."""
    made = [timeline.row(one, None) for one in seconds]
    timeline.close()
    return made


def answered(number: int) -> Second:
    """Return a second with an answer."""
    return second(number, series(10))


def dead(number: int) -> Second:
    """Return a second in which requests ended without any answer."""
    return second(number, series(10, 10, failures=2, unanswered=2))


def test_row_of_second(timeline: Timeline) -> None:
    """A row has what happened in its second, and what the target used meanwhile."""
    told = second(
        2, series(10, 20, 30, failures=2, unanswered=1), started=5, late=1, dropped=2, stage=1, in_flight=3, cpu=0.5
    )
    row = timeline.row(told, Use(1.25, 80.5))
    assert (row.second, row.stage, row.warm_up) == (2, "steady", False)
    assert (row.started, row.late, row.dropped, row.in_flight) == (5, 1, 2, 3)
    assert (row.answered, row.failures, row.unanswered) == (2, 2, 1)
    assert (row.cpu, row.target_cpu, row.target_rss_mb) == (0.5, 1.25, 80.5)
    assert pytest.approx((20, 30), rel=1e-3) == (row.response_p50_ms, row.response_p99_ms)


def test_empty_row(timeline: Timeline) -> None:
    """Where nothing ended there are no percentiles, and where nothing was seen of the target no use."""
    row = timeline.row(second(0), None)
    assert (row.response_p50_ms, row.response_p99_ms, row.target_cpu, row.target_rss_mb) == (None, None, None, None)
    assert (row.stage, row.warm_up, row.answered) == ("cold", True, 0)


@pytest.mark.parametrize(
    ("seconds", "outages"),
    [
        ("aaaa", []),
        ("aadda", ["the target did not answer from 2 s to 4 s"]),
        ("add", ["the target stopped answering at 1 s and did not come back"]),
        (
            "dad",
            ["the target did not answer from 0 s to 1 s", "the target stopped answering at 2 s and did not come back"],
        ),
        ("a  a", []),
        ("ad  a", ["the target did not answer from 1 s to 4 s"]),
        ("", []),
    ],
)
def test_told_outages(timeline: Timeline, seconds: str, outages: list[str]) -> None:
    """An outage lasts from when requests end without any answer until there is one; silence alone is none."""
    made = {"a": answered, "d": dead, " ": second}
    rows(timeline, *(made[kind](number) for number, kind in enumerate(seconds)))
    assert outages == timeline.outages


def test_partial_failure(timeline: Timeline) -> None:
    """A second in which some are answered is not an outage, however many are not."""
    rows(timeline, second(0, series(10, 10, 10, failures=2, unanswered=2)))
    assert timeline.outages == []


def test_chart_moments(timeline: Timeline) -> None:
    """The charts have a point for each few seconds, and one for what is left at the end."""
    rows(timeline, *(second(number, series(10, 20, failures=1)) for number in range(CHART_EVERY_S + 2)))
    assert [moment.ended_s for moment in timeline.moments] == [CHART_EVERY_S, CHART_EVERY_S + 2]
    assert [(one.rate, one.failure_rate, one.users) for one in timeline.moments] == [(2.0, 1.0, 7)] * 2
    assert Histogram(cells(10, 20, 10, 20)).cells == timeline.moments[1].response


def test_line_of_progress(timeline: Timeline) -> None:
    """The line of progress has the time, the stage, the rate, the slowest p99, all failures and the time left."""
    made = rows(timeline, second(3, series(10, 10), in_flight=9), second(4, series(90, failures=1), in_flight=2))
    line = progress(made, PROFILE)
    assert line == "   5 s  steady           1.5/s  response p99 90.0 ms  failures 1  in flight 2  5 s left"


def test_progress_without_answers(timeline: Timeline) -> None:
    """Without an answer there is no p99, and after the end no time left."""
    line = progress(rows(timeline, second(11, started=4, in_flight=4)), PROFILE)
    assert "response p99 -  failures 0  in flight 4  0 s left" in line
