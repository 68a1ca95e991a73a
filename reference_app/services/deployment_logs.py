"""What a pipeline's deployment wrote."""

from reference_app.models import DeploymentLog, LogLevel
from reference_app.repositories.base import Page
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.services.authorization import Action, authorize_object
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Principal


class DeploymentLogService:
    """Log lines inside one transaction; the pipeline decides whether they exist and who may add."""

    def __init__(self, pipelines: PipelineService, logs: DeploymentLogRepository) -> None:
        self._pipelines = pipelines
        self._logs = logs

    def list_page(
        self, pipeline_id: int, level: LogLevel | None, limit: int, after: int | None = None
    ) -> Page[DeploymentLog]:
        """Return one page, oldest first; `NotFoundError` without the pipeline."""
        self._pipelines.get(pipeline_id)
        return self._logs.list_page(pipeline_id, level, limit, after)

    def append(self, principal: Principal, pipeline_id: int, level: LogLevel, message: str) -> DeploymentLog:
        """Add a line; raises `NotFoundError` or `ForbiddenError`."""
        pipeline = self._pipelines.get(pipeline_id)
        authorize_object(principal, Action.APPEND_LOG, pipeline.owner_id)
        return self._logs.add(DeploymentLog(pipeline_id=pipeline.id, level=level, message=message))
