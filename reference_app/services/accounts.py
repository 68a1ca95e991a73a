"""Accounts, and what their names and passwords must be."""

import re

from reference_app.errors import ConflictError
from reference_app.models import Admin, Role
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.base import DuplicateError
from reference_app.services.passwords import Passwords

USERNAME = re.compile(r"[a-z][a-z0-9_-]{1,31}")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128


class AccountRuleError(ValueError):
    """The name or the password of a new account breaks a rule; the text says which."""


class AccountService:
    """Accounts inside one transaction."""

    def __init__(self, accounts: AdminRepository, passwords: Passwords) -> None:
        self._accounts = accounts
        self._passwords = passwords

    def find(self, username: str) -> Admin | None:
        """Return the account of this name, active or not."""
        return self._accounts.find_by_username(username)

    def create(self, username: str, password: str, role: Role) -> Admin:
        """Add an active account; `AccountRuleError` for a bad one, `ConflictError` for a taken name."""
        _check_rules(username, password)
        account = Admin(username=username, password_hash=self._passwords.hash(password), role=role, active=True)
        try:
            return self._accounts.add(account)
        except DuplicateError as error:
            raise ConflictError(f"The name {username} is taken.") from error


def _check_rules(username: str, password: str) -> None:
    if not USERNAME.fullmatch(username):
        raise AccountRuleError("a username has 2 to 32 of a-z, 0-9, _ and -, and starts with a letter")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountRuleError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
