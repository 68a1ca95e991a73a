"""Who may do what: the only place that decides it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from reference_app.errors import ForbiddenError
from reference_app.models import Role, Scope
from reference_app.services.principal import Principal


class Action(StrEnum):
    """What a user can ask for; every protected route names one."""

    READ_OWN_SESSION = auto()
    MANAGE_OWN_SESSIONS = auto()
    CHANGE_OWN_PASSWORD = auto()
    MANAGE_OWN_SECOND_FACTOR = auto()
    MANAGE_OWN_TOKENS = auto()
    MANAGE_USERS = auto()
    DECIDE_REGISTRATIONS = auto()
    READ_PIPELINES = auto()
    CREATE_PIPELINE = auto()
    CHANGE_PIPELINE = auto()
    DELETE_PIPELINE = auto()
    APPEND_LOG = auto()
    READ_AUDIT = auto()


class Who(StrEnum):
    """Which users: all that are known, the owner of the object and admins, or admins only."""

    USER = auto()
    OWNER = auto()
    ADMIN = auto()


@dataclass(frozen=True)
class Rule:
    """Who may, and what an API token must be for; None keeps tokens out."""

    who: Who
    scope: Scope | None


POLICY: Mapping[Action, Rule] = {
    Action.READ_OWN_SESSION: Rule(Who.USER, None),
    Action.MANAGE_OWN_SESSIONS: Rule(Who.USER, None),
    Action.CHANGE_OWN_PASSWORD: Rule(Who.USER, None),
    Action.MANAGE_OWN_SECOND_FACTOR: Rule(Who.USER, None),
    Action.MANAGE_OWN_TOKENS: Rule(Who.OWNER, None),
    Action.MANAGE_USERS: Rule(Who.ADMIN, None),
    Action.DECIDE_REGISTRATIONS: Rule(Who.ADMIN, None),
    Action.READ_PIPELINES: Rule(Who.USER, Scope.PIPELINES_READ),
    Action.CREATE_PIPELINE: Rule(Who.USER, Scope.PIPELINES_WRITE),
    Action.CHANGE_PIPELINE: Rule(Who.OWNER, Scope.PIPELINES_WRITE),
    Action.DELETE_PIPELINE: Rule(Who.OWNER, Scope.PIPELINES_WRITE),
    Action.APPEND_LOG: Rule(Who.OWNER, Scope.LOGS_WRITE),
    Action.READ_AUDIT: Rule(Who.ADMIN, Scope.AUDIT_READ),
}


def authorize_function(principal: Principal, action: Action) -> None:
    """Raise `ForbiddenError` when this user, or this token, may never do this, whatever the object."""
    rule = POLICY[action]
    if rule.who is Who.ADMIN and principal.role is not Role.ADMIN:
        raise ForbiddenError("Only an admin may do this.")
    if principal.scopes is not None and rule.scope not in principal.scopes:
        needed = f"one with the scope {rule.scope}" if rule.scope else "a session: log in"
        raise ForbiddenError(f"This token may not do this; use {needed}.")


def authorize_object(principal: Principal, action: Action, owner_id: int) -> None:
    """Raise `ForbiddenError` unless the user may do this to an object of that owner."""
    authorize_function(principal, action)
    if POLICY[action].who is Who.OWNER and principal.user_id != owner_id and principal.role is not Role.ADMIN:
        raise ForbiddenError("Only the owner or an admin may do this.")
