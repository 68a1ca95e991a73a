"""The life of a pipeline, and who may touch it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from reference_app.errors import ConflictError, NotFoundError
from reference_app.models import Pipeline, PipelineStatus
from reference_app.repositories.base import DuplicateError, Page
from reference_app.repositories.pipeline import PipelineFilter, PipelineRepository
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.authorization import Action, authorize_object
from reference_app.services.principal import Principal

NEXT_STATUSES: Mapping[PipelineStatus, frozenset[PipelineStatus]] = {
    PipelineStatus.QUEUED: frozenset({PipelineStatus.RUNNING, PipelineStatus.FAILED}),
    PipelineStatus.RUNNING: frozenset({PipelineStatus.SUCCESS, PipelineStatus.FAILED}),
    PipelineStatus.SUCCESS: frozenset(),
    PipelineStatus.FAILED: frozenset(),
}
"""What may follow what; a queued pipeline that fails was cancelled before it ran."""


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class PipelineService:
    """Pipelines inside one transaction. Everybody reads; the owner and admins change."""

    def __init__(self, pipelines: PipelineRepository, audit: AuditTrail, now: Callable[[], datetime] = utc_now) -> None:
        self._pipelines = pipelines
        self._audit = audit
        self._now = now

    def list_page(self, wanted: PipelineFilter, limit: int, after: int | None = None) -> Page[Pipeline]:
        """Return one page, newest first."""
        return self._pipelines.list_page(wanted, limit, after)

    def get(self, identity: int) -> Pipeline:
        """Return the pipeline or raise `NotFoundError`."""
        return self._found(identity, self._pipelines.get(identity))

    def create(self, principal: Principal, fields: Mapping[str, Any]) -> Pipeline:
        """Queue a pipeline that belongs to `principal`; `ConflictError` when its run_id is taken."""
        pipeline = Pipeline(owner_id=principal.user_id, status=PipelineStatus.QUEUED, **fields)
        try:
            self._pipelines.add(pipeline)
        except DuplicateError as error:
            raise ConflictError(f"A pipeline with run_id {fields.get('run_id')} exists already.") from error
        self._audit.done(principal, "pipeline.created", Subject("pipeline", pipeline.id))
        return pipeline

    def update(self, principal: Principal, identity: int, changes: Mapping[str, Any]) -> Pipeline:
        """Apply `changes`; a change of status also sets the times that go with it.

        Raises `NotFoundError`, `ForbiddenError`, or `ConflictError` for a status that may not follow.
        """
        pipeline = self._found(identity, self._pipelines.get_for_update(identity))
        authorize_object(principal, Action.CHANGE_PIPELINE, pipeline.owner_id)
        for name, value in changes.items():
            if name == "status":
                self._move(pipeline, value)
            else:
                setattr(pipeline, name, value)
        self._pipelines.save()
        self._audit.done(principal, "pipeline.updated", Subject("pipeline", identity), changed=sorted(changes))
        return pipeline

    def delete(self, principal: Principal, identity: int) -> None:
        """Delete the pipeline with its logs; raises `NotFoundError` or `ForbiddenError`."""
        pipeline = self._found(identity, self._pipelines.get_for_update(identity))
        authorize_object(principal, Action.DELETE_PIPELINE, pipeline.owner_id)
        self._pipelines.delete(pipeline)
        self._audit.done(principal, "pipeline.deleted", Subject("pipeline", identity))

    def _move(self, pipeline: Pipeline, status: PipelineStatus) -> None:
        if status is pipeline.status:
            return
        if status not in NEXT_STATUSES[pipeline.status]:
            raise ConflictError(f"A pipeline that is {pipeline.status} cannot become {status}.")
        pipeline.status = status
        if status.is_final:
            self._complete(pipeline)
        else:
            pipeline.started_at = self._now()

    def _complete(self, pipeline: Pipeline) -> None:
        started_at, completed_at = pipeline.started_at, self._now()
        if started_at is not None:
            completed_at = max(started_at, completed_at)  # clocks of two processes may disagree
            pipeline.duration_s = (completed_at - started_at).total_seconds()
        pipeline.completed_at = completed_at

    @staticmethod
    def _found(identity: int, pipeline: Pipeline | None) -> Pipeline:
        if pipeline is None:
            raise NotFoundError("pipeline", identity)
        return pipeline
