"""Who is asking, and from where."""

from dataclasses import dataclass

from reference_app.models import Role, Scope


@dataclass(frozen=True)
class Principal:
    """A user, as their session or API token tells."""

    user_id: int
    username: str
    role: Role
    scopes: frozenset[Scope] | None = None
    """What the API token may be used for; None is a session, which may do all that its user may."""


@dataclass(frozen=True)
class Origin:
    """Where a request came from, for the audit trail."""

    address: str | None = None
    request_id: str | None = None
