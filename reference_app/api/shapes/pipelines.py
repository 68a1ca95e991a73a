"""Pipelines and their deployment logs."""

from datetime import datetime

from pydantic import Field

from reference_app.api.cursors import PositionCursor
from reference_app.api.fields import (
    BigNumber,
    Branch,
    CommitSha,
    Line,
    Message,
    Moment,
    Number,
    Text,
    UrlId,
    Username,
)
from reference_app.api.shapes.base import CURSOR, Body, Omittable, PageQuery, Path, Result, nothing, with_example
from reference_app.models import LogLevel, PipelineStatus


class PipelinePath(Path):
    """Which pipeline."""

    pipeline_id: UrlId


class PipelineListQuery(PageQuery):
    """Which pipelines."""

    cursor: Omittable[PositionCursor] = CURSOR
    status: Omittable[PipelineStatus] = Field(default_factory=nothing, description="Only pipelines in this status.")
    branch: Omittable[Branch] = Field(default_factory=nothing, description="Only pipelines of this branch.")
    owner: Omittable[Username] = Field(
        default_factory=nothing, description="Only pipelines of the user with this name."
    )
    workflow: Omittable[Line] = Field(default_factory=nothing, description="Only runs of the workflow with this name.")
    created_from: Omittable[Moment] = Field(default_factory=nothing, description="Only pipelines made then or later.")
    created_before: Omittable[Moment] = Field(default_factory=nothing, description="Only pipelines made earlier.")


class LogListQuery(PageQuery):
    """Which log lines."""

    level: Omittable[LogLevel] = Field(default_factory=nothing, description="Only lines of this level.")


class NewPipeline(Body):
    """A pipeline to queue; it will belong to whoever sends it."""

    model_config = with_example(name="Nightly build", branch="main", workflow_name="build", run_number=17)

    name: Line
    description: Text | None = None
    branch: Branch = "main"
    commit_sha: CommitSha | None = None
    commit_message: Text | None = None
    workflow_name: Line | None = None
    run_id: BigNumber | None = Field(None, description="Its number at the CI service; no two pipelines share one.")
    run_number: Number | None = None


class PipelineChanges(Body):
    """What to change; what is left out stays.

    After queued comes running or failed, after running success or failed, and then nothing.
    """

    model_config = with_example(status="running")

    name: Omittable[Line] = Field(default_factory=nothing)
    description: Text | None = None
    status: Omittable[PipelineStatus] = Field(default_factory=nothing)
    branch: Omittable[Branch] = Field(default_factory=nothing)
    commit_sha: CommitSha | None = None
    commit_message: Text | None = None
    workflow_name: Line | None = None


class NewLogLine(Body):
    """A line to append."""

    model_config = with_example(level="info", message="Built in 12 s.")

    level: LogLevel = LogLevel.INFO
    message: Message


class PipelineResult(Result):
    """A pipeline. Times are set by the change of status that they belong to."""

    id: int
    name: str
    description: str | None
    status: PipelineStatus
    owner: str = Field(validation_alias="owner_name")
    branch: str
    commit_sha: str | None
    commit_message: str | None
    workflow_name: str | None
    run_id: int | None
    run_number: int | None
    run_attempt: int
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None
    created_at: datetime
    updated_at: datetime


class PipelinePage(Result):
    """Pipelines, newest first."""

    items: list[PipelineResult]
    next_cursor: str | None


class LogLineResult(Result):
    """A line of a deployment's log."""

    id: int
    pipeline_id: int
    level: LogLevel
    message: str
    timestamp: datetime


class LogLinePage(Result):
    """Log lines, oldest first."""

    items: list[LogLineResult]
    next_cursor: str | None
