"""Login and change of password: what needs the password, and so takes its time outside of transactions."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from reference_app.errors import ConflictError, ForbiddenError, WrongCredentialsError
from reference_app.models import Admin
from reference_app.repositories.session import StoredSession
from reference_app.services.accounts import AccountService
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.login_throttle import LoginThrottle
from reference_app.services.passwords import Passwords, check_password
from reference_app.services.principal import Origin
from reference_app.services.second_factor import OneTimeCodes
from reference_app.services.sessions import IssuedSession, SessionStore, principal_of


class AccountWork(Protocol):
    """One transaction, as far as logins need it."""

    @property
    def accounts(self) -> AccountService:
        """Who may log in."""

    @property
    def audit(self) -> AuditTrail:
        """What is recorded."""


@dataclass(frozen=True)
class LoginAttempt:
    """What somebody sent who says that they are a user."""

    username: str
    password: str
    code: str | None
    origin: Origin
    user_agent: str = ""
    replaces: StoredSession | None = None
    """The session that it was sent with; it ends when the new one begins."""


class Authentication:
    """Checks passwords. Whatever is wrong with an attempt, the work and the answer are the same."""

    def __init__(
        self,
        begin_work: Callable[[Origin], AbstractContextManager[AccountWork]],
        passwords: Passwords,
        codes: OneTimeCodes,
        throttle: LoginThrottle,
        sessions: SessionStore,
    ) -> None:
        self._begin_work = begin_work
        self._passwords = passwords
        self._codes = codes
        self._throttle = throttle
        self._sessions = sessions

    def login(self, attempt: LoginAttempt) -> IssuedSession:
        """Start a session, and end the one that it replaces.

        Raises `WrongCredentialsError`, or `TooManyAttemptsError` before any password is looked at.
        """
        address = attempt.origin.address
        with self._throttle.guard(attempt.username, address):
            account, step = self._verified(attempt)
            password_hash = self._passwords.renewed(attempt.password, account.password_hash)
            issued = self._begin_session(attempt, account, step, password_hash)
        self._throttle.remember(attempt.username, address)
        if attempt.replaces is not None:
            self._sessions.end(attempt.replaces.user_id, attempt.replaces.id)
        return issued

    def change_password(self, session: StoredSession, current: str, new: str, origin: Origin) -> None:
        """Change the password of the session's user, and end the user's other sessions.

        Raises `InvalidInputError` for a password that breaks a rule, `ForbiddenError` for a wrong present one,
        `TooManyAttemptsError` after many of those, `ConflictError` when somebody else changed it meanwhile.
        """
        check_password(session.username, new, "/new_password")
        with self._throttle.guard(session.username, origin.address):
            account = self._find(session.username, origin)
            if account is None or not self._passwords.matches(current, account.password_hash):
                raise ForbiddenError("The present password is wrong.")
        password_hash = self._passwords.hash(new)
        with self._begin_work(origin) as work:
            locked = work.accounts.lock(account.id)
            if locked.password_hash != account.password_hash:
                raise ConflictError("The password was changed a moment ago.")
            work.accounts.change_password(principal_of(session), locked, password_hash, session.id)

    def _verified(self, attempt: LoginAttempt) -> tuple[Admin, int | None]:
        """Return the account, and the time step of the code where the account needs one."""
        found = self._find(attempt.username, attempt.origin)
        account = found if found is not None and found.active else None
        is_right = self._passwords.matches(attempt.password, account.password_hash if account else None)
        needs_code = account is not None and account.has_second_factor
        step = self._codes.accepted_step(account, attempt.code) if account and needs_code else None
        if account is None or not is_right or (needs_code and step is None):
            raise WrongCredentialsError(found.id if found else None)
        return account, step

    def _begin_session(
        self, attempt: LoginAttempt, verified: Admin, step: int | None, password_hash: str
    ) -> IssuedSession:
        """Start the session under the account's lock: whoever ends its sessions does so before or after this."""
        with self._begin_work(attempt.origin) as work:
            account = work.accounts.lock(verified.id)
            if not self._still_holds(attempt.password, account, verified, step):
                raise WrongCredentialsError(account.id)
            if account.password_hash == verified.password_hash:
                account.password_hash = password_hash
            if step is not None:
                account.totp_last_step = step
            issued = self._sessions.start(account, attempt.origin, attempt.user_agent)
            work.audit.done(issued.principal, "session.started", Subject("user", account.id), **_replaced(attempt))
        return issued

    def _still_holds(self, password: str, account: Admin, verified: Admin, step: int | None) -> bool:
        """Return whether what was verified a moment ago is still so."""
        last = account.totp_last_step
        if not account.active or (last is not None and (step is None or step <= last)):
            return False
        # Another login may have renewed the hash; that costs one more check, and is rare.
        return account.password_hash == verified.password_hash or self._passwords.matches(
            password, account.password_hash
        )

    def _find(self, username: str, origin: Origin) -> Admin | None:
        # A transaction of its own: checking the password takes long, and needs no connection.
        with self._begin_work(origin) as work:
            return work.accounts.find(username)


def _replaced(attempt: LoginAttempt) -> dict[str, int]:
    return {} if attempt.replaces is None else {"ended_session_of": attempt.replaces.user_id}
