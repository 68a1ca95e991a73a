"""Login and sessions."""

from datetime import datetime

from pydantic import Field

from reference_app.api.fields import GivenPassword, Username
from reference_app.api.shapes.base import Body, Result
from reference_app.models import Role


class Credentials(Body):
    """Who wants to log in."""

    username: Username
    password: GivenPassword


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
