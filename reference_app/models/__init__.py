"""The tables, as SQLAlchemy 2 declarative classes; `Base.metadata` is what the migrations must match."""

from reference_app.models.admin import Admin, Role
from reference_app.models.base import Base
from reference_app.models.deployment_log import DeploymentLog, LogLevel
from reference_app.models.pipeline import Pipeline, PipelineStatus

__all__ = ["Admin", "Base", "DeploymentLog", "LogLevel", "Pipeline", "PipelineStatus", "Role"]
