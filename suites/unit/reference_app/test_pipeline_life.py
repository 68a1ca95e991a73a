"""How reports move a pipeline: forward, whatever their order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from reference_app.models import Pipeline, PipelineStatus
from reference_app.services.pipeline_life import advance, start_anew

QUEUED, RUNNING, SUCCESS, FAILED = PipelineStatus
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(seconds=90)


def queued() -> Pipeline:
    """Return a pipeline at the beginning of its life."""
    return Pipeline(status=QUEUED, run_attempt=1)


@pytest.mark.parametrize("order", [*permutations([QUEUED, RUNNING, SUCCESS])], ids=" ".join)
def test_any_order(order: tuple[PipelineStatus, ...]) -> None:
    """Reports of one life give the same end in every order."""
    pipeline = queued()
    for status in order:
        advance(pipeline, status, START, END)
    assert (pipeline.status, pipeline.started_at, pipeline.completed_at, pipeline.duration_s) == (
        SUCCESS,
        START,
        END,
        90.0,
    )


@pytest.mark.parametrize(("first", "late"), [(RUNNING, QUEUED), (SUCCESS, RUNNING), (FAILED, SUCCESS)])
def test_never_back(first: PipelineStatus, late: PipelineStatus) -> None:
    """A report that comes late moves nothing, and says so."""
    pipeline = queued()
    assert advance(pipeline, first, START, END)
    assert not advance(pipeline, late, START, END)
    assert first is pipeline.status


def test_anew() -> None:
    """Another attempt is a life of its own."""
    pipeline = queued()
    advance(pipeline, FAILED, START, END)
    start_anew(pipeline, 2)
    assert (pipeline.status, pipeline.run_attempt) == (QUEUED, 2)
    assert (pipeline.started_at, pipeline.completed_at, pipeline.duration_s) == (None, None, None)
