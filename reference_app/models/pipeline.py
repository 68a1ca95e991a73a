"""CI/CD pipelines and the rules that hold for every row."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reference_app.models.admin import Admin
from reference_app.models.base import CreatedMoment, IdentifiedBase, Moment, checked_text


class PipelineStatus(StrEnum):
    """Where a pipeline stands; the last two are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether no other status may follow."""
        return self in {PipelineStatus.SUCCESS, PipelineStatus.FAILED}


class Pipeline(IdentifiedBase):
    """One run of a workflow. The indexes end with `created_at` and `id`, because every list is paged by them."""

    __tablename__ = "pipelines"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("commit_sha ~ '^[0-9a-f]{40}$'", name="commit_sha_form"),
        CheckConstraint("run_id > 0", name="run_id_positive"),
        CheckConstraint("run_number > 0", name="run_number_positive"),
        CheckConstraint("run_attempt > 0", name="run_attempt_positive"),
        CheckConstraint("duration_s >= 0", name="duration_s_not_negative"),
        CheckConstraint("completed_at >= started_at", name="completed_after_started"),
        CheckConstraint("(completed_at IS NOT NULL) = (status IN ('success', 'failed'))", name="final_is_completed"),
        CheckConstraint("started_at IS NOT NULL OR status NOT IN ('running', 'success')", name="running_is_started"),
        Index(None, "status", "created_at", "id"),
        Index(None, "branch", "created_at", "id"),
        Index(None, "owner_id", "created_at", "id"),
        Index(None, "workflow_name", "created_at", "id"),
        Index(None, "created_at", "id"),
    )

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[PipelineStatus] = mapped_column(checked_text(PipelineStatus, "status"))
    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("admins.id", ondelete="RESTRICT"))
    branch: Mapped[str] = mapped_column(String(255))
    commit_sha: Mapped[str | None] = mapped_column(String(40))
    commit_message: Mapped[str | None] = mapped_column(Text)
    workflow_name: Mapped[str | None] = mapped_column(String(200))
    run_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    run_number: Mapped[int | None] = mapped_column(Integer)
    run_attempt: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    started_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]
    duration_s: Mapped[float | None]
    created_at: Mapped[CreatedMoment]
    updated_at: Mapped[CreatedMoment] = mapped_column(onupdate=func.now())
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    """Raised by every change; the entity tag that clients see."""

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - SQLAlchemy declares it so

    owner: Mapped[Admin] = relationship(lazy="joined", innerjoin=True)

    @property
    def owner_name(self) -> str:
        """The owner's username, as in the rows that are only looked at."""
        return self.owner.username
