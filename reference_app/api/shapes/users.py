"""User accounts, as admins see them."""

from datetime import datetime

from pydantic import Field

from reference_app.api.fields import UrlId
from reference_app.api.shapes.base import Body, Omittable, Path, Result, nothing, with_example
from reference_app.models import Role


class UserPath(Path):
    """Which user."""

    user_id: UrlId


class UserChanges(Body):
    """What to change; what is left out stays."""

    model_config = with_example(role="member")

    role: Omittable[Role] = Field(default_factory=nothing)
    active: Omittable[bool] = Field(default_factory=nothing, strict=True)


class AccountResult(Result):
    """A user account."""

    id: int
    username: str
    role: Role
    active: bool
    has_second_factor: bool
    created_at: datetime


class AccountPage(Result):
    """User accounts, oldest first."""

    items: list[AccountResult]
    next_cursor: str | None
