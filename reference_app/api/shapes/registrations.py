"""Requests for an account."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from reference_app.api.fields import NewPassword, Reason, UrlId, Username
from reference_app.api.shapes.base import Body, Omittable, PageQuery, Path, Result, nothing
from reference_app.models import RegistrationStatus, Role


class RegistrationPath(Path):
    """Which request."""

    registration_id: UrlId


class RegistrationListQuery(PageQuery):
    """Which requests."""

    status: Omittable[RegistrationStatus] = Field(
        default_factory=nothing, description="Only requests that stand there."
    )


class NewRegistration(Body):
    """Somebody who asks for an account."""

    username: Username
    password: NewPassword
    reason: Reason | None = None


class Approval(Body):
    """What the new user will be."""

    role: Role = Role.MEMBER


class PendingResult(Result):
    """Whatever was asked for, this is the answer: an admin will decide."""

    status: Literal["pending"] = "pending"


class RegistrationResult(Result):
    """A request for an account."""

    id: int
    username: str
    reason: str | None
    status: RegistrationStatus
    created_at: datetime
    decided_at: datetime | None
    decided_by_id: int | None


class RegistrationPage(Result):
    """Requests, oldest first."""

    items: list[RegistrationResult]
    next_cursor: str | None
