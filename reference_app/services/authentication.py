"""Login, logout and who a token belongs to."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reference_app.errors import NotAuthenticatedError, WrongCredentialsError
from reference_app.models import Admin
from reference_app.repositories.session import SessionRepository, StoredSession
from reference_app.services.passwords import Passwords
from reference_app.services.principal import Principal

TOKEN_BYTES = 32


@dataclass(frozen=True)
class IssuedSession:
    """What a login answers: the token exists nowhere else."""

    token: str
    expires_at: datetime
    principal: Principal


class Authentication:
    """Sessions named by opaque tokens of 256 random bits, stored under a keyed hash.

    The key means that writing to Redis is not enough to forge a session.
    """

    def __init__(
        self,
        find_account: Callable[[str], Admin | None],
        passwords: Passwords,
        sessions: SessionRepository,
        secret_key: str,
        lifetime: timedelta,
    ) -> None:
        self._find_account = find_account
        self._passwords = passwords
        self._sessions = sessions
        self._key = secret_key.encode()
        self._lifetime = lifetime

    def login(self, username: str, password: str) -> IssuedSession:
        """Start a session; `WrongCredentialsError` after the same work whatever is wrong."""
        account = self._find_account(username)
        known = account is not None and account.active
        matches = self._passwords.matches(password, account.password_hash if account and known else None)
        if account is None or not matches:
            raise WrongCredentialsError
        return self._start(Principal(account.id, account.username, account.role))

    def resume(self, token: str) -> StoredSession:
        """Return the session of `token`; `NotAuthenticatedError` when it never was or has ended."""
        session = self._sessions.find(self._hash(token))
        if session is None:
            raise NotAuthenticatedError("The session is unknown or has ended; log in again.")
        return session

    def logout(self, token: str) -> None:
        """End the session of `token` at once."""
        self._sessions.delete(self._hash(token))

    def _start(self, principal: Principal) -> IssuedSession:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        expires_at = datetime.now(UTC) + self._lifetime
        stored = StoredSession(principal.user_id, principal.username, principal.role, expires_at)
        self._sessions.put(self._hash(token), stored, self._lifetime)
        return IssuedSession(token, expires_at, principal)

    def _hash(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()
