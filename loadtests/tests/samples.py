"""Profiles and seconds as users and engines make them, in few words."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from loadtests.histograms import Cells, cell_of
from loadtests.messages import Fates, Second, Series
from loadtests.profile import Profile, Stage

ONE_SECOND = Stage(duration_s=1, rate=10)


def profile(*thresholds: str, stages: Sequence[Stage] = (ONE_SECOND,), **more: Any) -> Profile:
    """Return a profile of one journey."""
    return Profile(**{"journeys": {"Reader": 1.0}, "stages": tuple(stages), "thresholds": thresholds, **more})


def cells(*ms: float) -> Cells:
    """Return durations as cells."""
    return dict(Counter(cell_of(one / 1000) for one in ms))


def series(
    *response_ms: float,
    endpoint: str = "GET /",
    stage: int = 0,
    service_ms: Sequence[float] | None = None,
    failures: int = 0,
    unanswered: int = 0,
) -> Series:
    """Return requests with these response times; service times are the same unless they are given."""
    return Series(
        stage=stage,
        endpoint=endpoint,
        failures=failures,
        unanswered=unanswered,
        size=2 * len(response_ms),
        service=cells(*(response_ms if service_ms is None else service_ms)),
        response=cells(*response_ms),
    )


def second(
    number: int,
    *parts: Series,
    started: int | None = None,
    late: int = 0,
    dropped: int = 0,
    stage: int = 0,
    **more: Any,
) -> Second:
    """Return a second with these requests, of which as many were started unless that is given."""
    count = sum(sum(part.response.values()) for part in parts)
    fates = Fates(stage=stage, started=count if started is None else started, late=late, dropped=dropped)
    plain = {"errors": {}, "in_flight": 0, "behind": {}, "lag": {}, "cpu": 0.1, "gc_s": 0.0}
    return Second(second=number, fates=(fates,), series=parts, **{**plain, **more})
