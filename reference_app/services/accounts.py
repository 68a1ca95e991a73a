"""Accounts, and what their names and passwords must be."""

import re
from collections.abc import Mapping
from typing import Any

from reference_app.errors import ConflictError, NotAuthenticatedError, NotFoundError
from reference_app.models import Admin, Role
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.base import DuplicateError, Page
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.authorization import Action, authorize_function
from reference_app.services.passwords import Passwords, broken_rule
from reference_app.services.principal import Principal
from reference_app.services.sessions import SessionStore

USERNAME = re.compile(r"[a-z][a-z0-9_-]{1,31}")
REPORTER = "github"
"""Whose the runs are that CI reports: an account that nobody can log in to."""
RESERVED = frozenset({REPORTER})


class AccountRuleError(ValueError):
    """The name or the password of a new account breaks a rule; the text says which."""


class AccountService:
    """Accounts inside one transaction."""

    def __init__(
        self, accounts: AdminRepository, passwords: Passwords, sessions: SessionStore, audit: AuditTrail
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._sessions = sessions
        self._audit = audit

    def find(self, username: str) -> Admin | None:
        """Return the account of this name, active or not."""
        return self._accounts.find_by_username(username)

    def get(self, identity: int) -> Admin:
        """Return the account or raise `NotFoundError`."""
        return _found(identity, self._accounts.get(identity))

    def lock(self, identity: int) -> Admin:
        """Return an account that is there, locked until the transaction ends: what is read of it stays true."""
        return self._accounts.lock_one(identity)

    def list_page(self, limit: int, after: int | None = None) -> Page[Admin]:
        """Return one page, oldest account first."""
        return self._accounts.list_page(limit, after)

    def create(self, username: str, password: str, role: Role) -> Admin:
        """Add an active account; `AccountRuleError` for a bad one, `ConflictError` for a taken name."""
        _check_rules(username, password)
        return self.add(None, username, self._passwords.hash(password), role)

    def add(self, principal: Principal | None, username: str, password_hash: str, role: Role) -> Admin:
        """Add an active account whose password is hashed already; `ConflictError` for a taken name."""
        if username in RESERVED:
            raise ConflictError(f"The name {username} is taken.")
        account = Admin(username=username, password_hash=password_hash, role=role, active=True)
        try:
            self._accounts.add(account)
        except DuplicateError as error:
            raise ConflictError(f"The name {username} is taken.") from error
        self._audit.done(principal, "user.created", Subject("user", account.id), role=role)
        return account

    def update(self, principal: Principal, identity: int, changes: Mapping[str, Any]) -> Admin:
        """Change an account's role, or whether it is active; either ends all its sessions.

        Raises `NotFoundError`, and `ConflictError` for an admin's own account: so one admin always remains.
        """
        locked = self._accounts.lock(principal.user_id, identity)
        _authorize_again(locked[principal.user_id])
        account = _found(identity, locked.get(identity))
        changed = {name: value for name, value in changes.items() if getattr(account, name) != value}
        if changed and identity == principal.user_id:
            raise ConflictError("No admin changes their own role or whether they are active; another admin can.")
        if changed:
            self._apply(principal, account, changed)
        return account

    def change_password(self, principal: Principal, account: Admin, password_hash: str, session_id: str) -> None:
        """Give a locked account another password, and end its sessions but the one with that id."""
        account.password_hash = password_hash
        self._audit.done(principal, "password.changed", Subject("user", account.id))
        self._accounts.save()
        self._sessions.end_all(account.id, but=session_id)

    def _apply(self, principal: Principal, account: Admin, changed: Mapping[str, Any]) -> None:
        for name, value in changed.items():
            setattr(account, name, value)
        self._audit.done(principal, "user.updated", Subject("user", account.id), **changed)
        self._accounts.save()
        # While the row is locked no login can begin a session; when this fails, nothing has changed.
        self._sessions.end_all(account.id)


def _authorize_again(actor: Admin) -> None:
    """Ask the policy about the actor's present role: another admin may just have taken it away."""
    if not actor.active:
        raise NotAuthenticatedError("The session is unknown or has ended; log in again.")
    authorize_function(Principal(actor.id, actor.username, actor.role), Action.MANAGE_USERS)


def _found(identity: int, account: Admin | None) -> Admin:
    if account is None:
        raise NotFoundError("user", identity)
    return account


def _check_rules(username: str, password: str) -> None:
    if not USERNAME.fullmatch(username):
        raise AccountRuleError("a username has 2 to 32 of a-z, 0-9, _ and -, and starts with a letter")
    rule = broken_rule(username, password)
    if rule is not None:
        raise AccountRuleError(rule)
