"""Audit events."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from reference_app.api.fields import UrlId, Username
from reference_app.api.shapes.base import Omittable, PageQuery, Result, nothing
from reference_app.models import AuditOutcome

_Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.]*$")]
_Kind = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32, pattern=r"^[a-z][a-z_]*$")]


class AuditListQuery(PageQuery):
    """Which events."""

    actor: Omittable[Username] = Field(default_factory=nothing, description="Only what the user of this name did.")
    action: Omittable[_Name] = Field(default_factory=nothing, description="Only this action, like pipeline.updated.")
    outcome: Omittable[AuditOutcome] = Field(default_factory=nothing, description="Only what was done, or denied.")
    object_kind: Omittable[_Kind] = Field(default_factory=nothing, description="Only objects like pipeline.")
    object_id: Omittable[UrlId] = Field(default_factory=nothing, description="Only objects of this id.")


class AuditEventResult(Result):
    """Who changed what, or was refused it. What it names may be gone."""

    id: int
    at: datetime
    actor_id: int | None
    actor: str | None
    action: str
    outcome: AuditOutcome
    object_kind: str | None
    object_id: int | None
    address: str | None
    request_id: str | None
    details: dict[str, Any] | None


class AuditPage(Result):
    """Events, newest first."""

    items: list[AuditEventResult]
    next_cursor: str | None
