"""What a pipeline's deployment wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from reference_app.models import DeploymentLog, LogLevel
from reference_app.repositories.base import Page
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.authorization import Action, authorize_object
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Principal

TAIL_LENGTH = 100


@dataclass(frozen=True)
class Tail:
    """The next lines of a log, and whether that was all: the pipeline is final, and no line is left.

    Late lines may still be appended to it; nobody waits for them.
    """

    lines: Sequence[DeploymentLog]
    is_complete: bool


class DeploymentLogService:
    """Log lines inside one transaction; the pipeline decides whether they exist and who may add."""

    def __init__(self, pipelines: PipelineService, logs: DeploymentLogRepository, audit: AuditTrail) -> None:
        self._pipelines = pipelines
        self._logs = logs
        self._audit = audit

    def list_page(
        self, pipeline_id: int, level: LogLevel | None, limit: int, after: int | None = None
    ) -> Page[DeploymentLog]:
        """Return one page, oldest first; `NotFoundError` without a pipeline."""
        self._pipelines.get(pipeline_id)
        return self._logs.list_page(pipeline_id, level, limit, after)

    def tail(self, pipeline_id: int, after: int) -> Tail:
        """Return up to `TAIL_LENGTH` lines, ids above `after`, oldest first; `NotFoundError` without a pipeline."""
        # The status first: lines are appended under the pipeline's lock, so all from before its end can be read.
        is_final = self._pipelines.get(pipeline_id).status.is_final
        page = self._logs.list_page(pipeline_id, None, TAIL_LENGTH, after)
        return Tail(page.items, is_complete=is_final and page.next_after is None)

    def append(self, principal: Principal, pipeline_id: int, level: LogLevel, message: str) -> DeploymentLog:
        """Add a line; raises `NotFoundError` or `ForbiddenError`.

        The pipeline's lock makes lines of one pipeline commit in the order of their ids, so that who has read one
        has missed none before it.
        """
        pipeline = self._pipelines.get_for_update(pipeline_id)
        authorize_object(principal, Action.APPEND_LOG, pipeline.owner_id)
        line = self._logs.add(DeploymentLog(pipeline_id=pipeline.id, level=level, message=message))
        self._audit.done(principal, "log.appended", Subject("pipeline", pipeline.id), line=line.id)
        return line
