"""Pipelines, and who may touch them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from reference_app.errors import ConflictError, NotFoundError, PreconditionFailedError
from reference_app.models import Pipeline, PipelineStatus
from reference_app.repositories.base import DuplicateError
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.pipeline_view import (
    PipelineFilter,
    PipelineViewRepository,
    Position,
    ShownPage,
    ShownPipeline,
)
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.authorization import Action, authorize_object
from reference_app.services.clock import Clock, utc_now
from reference_app.services.pipeline_life import move
from reference_app.services.principal import Principal

Found = TypeVar("Found")
Versions = frozenset[int] | None
"""Which versions a change is meant for; None is any."""


class PipelineReader:
    """Pipelines to look at; everybody may."""

    def __init__(self, views: PipelineViewRepository) -> None:
        self._views = views

    def list_page(self, wanted: PipelineFilter, limit: int, after: Position | None = None) -> ShownPage:
        """Return one page, newest first."""
        return self._views.list_page(wanted, limit, after)

    def get(self, identity: int) -> ShownPipeline:
        """Return the pipeline or raise `NotFoundError`."""
        return _found(identity, self._views.get(identity))


class PipelineService(PipelineReader):
    """Pipelines inside one transaction; the owner and admins change them."""

    def __init__(
        self,
        views: PipelineViewRepository,
        pipelines: PipelineRepository,
        audit: AuditTrail,
        now: Clock = utc_now,
    ) -> None:
        super().__init__(views)
        self._pipelines = pipelines
        self._audit = audit
        self._now = now

    def get_for_update(self, identity: int) -> Pipeline:
        """Return the pipeline, which nobody else changes until the transaction ends, or raise `NotFoundError`."""
        return _found(identity, self._pipelines.get_for_update(identity))

    def create(self, principal: Principal, fields: Mapping[str, Any]) -> Pipeline:
        """Queue a pipeline that belongs to `principal`; `ConflictError` when its run_id is taken."""
        pipeline = Pipeline(owner_id=principal.user_id, status=PipelineStatus.QUEUED, **fields)
        try:
            self._pipelines.add(pipeline)
        except DuplicateError as error:
            raise ConflictError(f"A pipeline with run_id {fields.get('run_id')} exists already.") from error
        self._audit.done(principal, "pipeline.created", Subject("pipeline", pipeline.id))
        return pipeline

    def update(
        self, principal: Principal, identity: int, changes: Mapping[str, Any], versions: Versions = None
    ) -> Pipeline:
        """Apply `changes` to one of `versions`; a change of status also sets the times that go with it.

        Raises `NotFoundError`, `ForbiddenError`, `PreconditionFailedError` for another version, or `ConflictError`
        for a status that may not follow. What changes nothing leaves no trace.
        """
        pipeline = self._to_change(principal, Action.CHANGE_PIPELINE, identity, versions)
        changed = sorted(name for name, value in changes.items() if getattr(pipeline, name) != value)
        for name in changed:
            if name == "status":
                move(pipeline, changes[name], self._now())
            else:
                setattr(pipeline, name, changes[name])
        if changed:
            self._pipelines.save()
            self._audit.done(principal, "pipeline.updated", Subject("pipeline", identity), changed=changed)
        return pipeline

    def delete(self, principal: Principal, identity: int, versions: Versions = None) -> None:
        """Delete the pipeline with its logs; raises what `update` raises but `ConflictError`."""
        pipeline = self._to_change(principal, Action.DELETE_PIPELINE, identity, versions)
        self._pipelines.delete(pipeline)
        self._audit.done(principal, "pipeline.deleted", Subject("pipeline", identity))

    def _to_change(self, principal: Principal, action: Action, identity: int, versions: Versions) -> Pipeline:
        pipeline = self.get_for_update(identity)
        authorize_object(principal, action, pipeline.owner_id)
        if versions is not None and pipeline.version not in versions:
            raise PreconditionFailedError("The pipeline has changed since you read it; read it again.")
        return pipeline


def _found(identity: int, pipeline: Found | None) -> Found:
    if pipeline is None:
        raise NotFoundError("pipeline", identity)
    return pipeline
