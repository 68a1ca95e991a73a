"""API tokens."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from reference_app.api.fields import Line, TokenDays, UrlId
from reference_app.api.shapes.base import Body, Path, Result, with_example
from reference_app.models import Scope


def _refuse_repeated(scopes: list[Scope]) -> list[Scope]:
    if len(set(scopes)) < len(scopes):
        raise ValueError("Scopes should not be repeated")
    return scopes


Scopes = Annotated[
    list[Scope],
    Field(min_length=1, max_length=len(Scope), json_schema_extra={"uniqueItems": True}),
    AfterValidator(_refuse_repeated),
]


class TokenPath(Path):
    """Which token."""

    token_id: UrlId


class NewToken(Body):
    """A token to make; it will belong to whoever sends it."""

    model_config = with_example(name="nightly job", scopes=["pipelines:read"], expires_in_days=30)

    name: Line
    scopes: Scopes
    expires_in_days: TokenDays = Field(description="An installation may allow fewer.")


class TokenResult(Result):
    """A token, without what would let anybody use it."""

    id: int
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class IssuedTokenResult(TokenResult):
    """A new token. Send it as `Authorization: Bearer TOKEN`; it is told this once."""

    token: str


class TokenPage(Result):
    """The user's tokens, newest first."""

    items: list[TokenResult]
    next_cursor: str | None
