"""Lines that a pipeline's deployment wrote."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import CreatedMoment, IdentifiedBase, checked_text


class LogLevel(StrEnum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class DeploymentLog(IdentifiedBase):
    """One line; it goes when its pipeline goes."""

    __tablename__ = "deployment_logs"
    __table_args__ = (Index(None, "pipeline_id", "id"),)

    pipeline_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pipelines.id", ondelete="CASCADE"))
    level: Mapped[LogLevel] = mapped_column(checked_text(LogLevel, "level"))
    message: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[CreatedMoment]
