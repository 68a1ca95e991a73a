"""Login and sessions."""

from datetime import datetime

from pydantic import AliasPath, Field

from reference_app.api.fields import GivenPassword, NewPassword, OneTimeCode, SessionId, Username
from reference_app.api.shapes.base import Body, Omittable, Path, Result, nothing
from reference_app.models import Role


class Credentials(Body):
    """Who wants to log in."""

    username: Username
    password: GivenPassword
    code: Omittable[OneTimeCode] = Field(
        default_factory=nothing, description="The authenticator app's code, for users who have turned it on."
    )


class PasswordChange(Body):
    """Another password for oneself."""

    current_password: GivenPassword
    new_password: NewPassword


class SessionPath(Path):
    """Which session."""

    session_id: SessionId


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
    """The present session. It ends at `expires_at`, or earlier when it is not used."""

    user: UserResult
    expires_at: datetime


class ListedSessionResult(Result):
    """One of a user's sessions. The id names it; it is not the token."""

    id: str = Field(validation_alias=AliasPath("session", "id"))
    created_at: datetime = Field(validation_alias=AliasPath("session", "created_at"))
    last_used_at: datetime
    expires_at: datetime = Field(validation_alias=AliasPath("session", "expires_at"))
    address: str | None = Field(validation_alias=AliasPath("session", "address"))
    user_agent: str = Field(validation_alias=AliasPath("session", "user_agent"))


class SessionList(Result):
    """A user's sessions, newest first, at most a hundred."""

    items: list[ListedSessionResult]


class OwnSessionList(SessionList):
    """The user's own sessions, newest first, at most a hundred; `current_id` is the one of this request."""

    current_id: str
