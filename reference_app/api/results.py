"""What responses hold."""

from datetime import datetime
from typing import Any

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from reference_app.api.cursors import encode_cursor
from reference_app.models import LogLevel, PipelineStatus, Role
from reference_app.repositories.base import Page


class Result(BaseModel):
    """Parent of JSON responses; reads the attributes of rows and records."""

    model_config = ConfigDict(from_attributes=True)


class UserResult(Result):
    """The user of the session."""

    id: int = Field(validation_alias="user_id")
    username: str
    role: Role


class LoginResult(Result):
    """A new session. Send the token as `Authorization: Bearer TOKEN`."""

    token: str
    expires_at: datetime
    user: UserResult = Field(validation_alias="principal")


class SessionResult(Result):
    """The present session."""

    user: UserResult
    expires_at: datetime


class PipelineResult(Result):
    """A pipeline. Times are set by the change of status that they belong to."""

    id: int
    name: str
    description: str | None
    status: PipelineStatus
    owner: str = Field(validation_alias=AliasPath("owner", "username"))
    branch: str
    commit_sha: str | None
    commit_message: str | None
    workflow_name: str | None
    run_id: int | None
    run_number: int | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_s: float | None
    created_at: datetime
    updated_at: datetime


def page_fields(page: Page[Any]) -> dict[str, Any]:
    """Return what the page results below are made from."""
    return {"items": page.items, "next_cursor": encode_cursor(page.next_after)}


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
