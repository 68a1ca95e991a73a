"""The life of a pipeline: which status may follow which, and the times that go with it. Nothing else sets a status."""

from collections.abc import Mapping
from datetime import datetime

from reference_app.errors import ConflictError
from reference_app.models import Pipeline, PipelineStatus

NEXT_STATUSES: Mapping[PipelineStatus, frozenset[PipelineStatus]] = {
    PipelineStatus.QUEUED: frozenset({PipelineStatus.RUNNING, PipelineStatus.FAILED}),
    PipelineStatus.RUNNING: frozenset({PipelineStatus.SUCCESS, PipelineStatus.FAILED}),
    PipelineStatus.SUCCESS: frozenset(),
    PipelineStatus.FAILED: frozenset(),
}
"""What may follow what; a queued pipeline that fails was cancelled before it ran."""


def move(pipeline: Pipeline, status: PipelineStatus, moment: datetime) -> None:
    """Give the pipeline its next status, reached at `moment`; `ConflictError` for one that may not follow.

    The status that it has already changes nothing.
    """
    if status is pipeline.status:
        return
    if status not in NEXT_STATUSES[pipeline.status]:
        raise ConflictError(f"A pipeline that is {pipeline.status} cannot become {status}.")
    pipeline.status = status
    if status.is_final:
        _complete(pipeline, moment)
    else:
        pipeline.started_at = moment


def advance(pipeline: Pipeline, status: PipelineStatus, started_at: datetime, ended_at: datetime) -> bool:
    """Move the pipeline forward as far as a report of `status` says; return whether it moved.

    A report may come late: it never moves a pipeline backwards. It may also be the first that comes: what is
    over has run before.
    """
    before = pipeline.status
    for step in (PipelineStatus.RUNNING, status) if status.is_final else (status,):
        if step in NEXT_STATUSES[pipeline.status]:
            move(pipeline, step, ended_at if step.is_final else started_at)
    return pipeline.status is not before


def start_anew(pipeline: Pipeline, attempt: int) -> None:
    """Queue the pipeline again for another attempt at its run, which is a life of its own."""
    pipeline.run_attempt = attempt
    pipeline.status = PipelineStatus.QUEUED
    pipeline.started_at = pipeline.completed_at = pipeline.duration_s = None


def _complete(pipeline: Pipeline, moment: datetime) -> None:
    started_at, completed_at = pipeline.started_at, moment
    if started_at is not None:
        completed_at = max(started_at, completed_at)  # clocks of two machines may disagree
        pipeline.duration_s = (completed_at - started_at).total_seconds()
    pipeline.completed_at = completed_at
