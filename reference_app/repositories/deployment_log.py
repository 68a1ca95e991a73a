"""Deployment logs, oldest first."""

from sqlalchemy import select

from reference_app.models import DeploymentLog, LogLevel
from reference_app.repositories.base import Page, Repository


class DeploymentLogRepository(Repository[DeploymentLog]):
    """Rows of `deployment_logs`."""

    model = DeploymentLog

    def list_page(
        self, pipeline_id: int, level: LogLevel | None, limit: int, after: int | None = None
    ) -> Page[DeploymentLog]:
        """Return up to `limit` lines of one pipeline with ids above `after`, lowest id first."""
        query = select(DeploymentLog).where(DeploymentLog.pipeline_id == pipeline_id).order_by(DeploymentLog.id)
        if level is not None:
            query = query.where(DeploymentLog.level == level)
        if after is not None:
            query = query.where(DeploymentLog.id > after)
        return self._page(query, limit)
