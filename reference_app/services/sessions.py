"""Sessions: begun by a login, renewed by use, ended by time, by their user or by an admin."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reference_app.errors import NotAuthenticatedError, NotFoundError
from reference_app.models import Admin
from reference_app.redis_gate import Command
from reference_app.repositories.session import SessionRepository, StoredSession
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.clock import Clock, utc_now
from reference_app.services.principal import Origin, Principal
from reference_app.services.secret_key import SecretKey

TOKEN_BYTES = 32
LONGEST_USER_AGENT = 120
LONGEST_LIST = 100


@dataclass(frozen=True)
class IssuedSession:
    """What a login answers: the token exists nowhere else."""

    token: str
    expires_at: datetime
    principal: Principal


@dataclass(frozen=True)
class ListedSession:
    """A session as its user sees it, who need not recognise its id."""

    session: StoredSession
    last_used_at: datetime


class SessionStore:
    """Sessions named by opaque tokens of 256 random bits. Nothing is remembered here: Redis alone knows.

    A session's id is the keyed hash of its token, so that writing to Redis is not enough to forge one.
    """

    def __init__(self, sessions: SessionRepository, key: SecretKey, longest: timedelta, now: Clock = utc_now) -> None:
        self._sessions = sessions
        self._key = key
        self._longest = longest
        self._now = now

    def start(self, account: Admin, origin: Origin, user_agent: str) -> IssuedSession:
        """Begin a session of `account`; it ends after `longest`, however much it is used."""
        token, begun = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        session = StoredSession(
            id=self.id_of(token),
            user_id=account.id,
            username=account.username,
            role=account.role,
            created_at=begun,
            expires_at=begun + self._longest,
            address=origin.address,
            user_agent=_shown(user_agent),
        )
        self._sessions.put(session)
        return IssuedSession(token, session.expires_at, principal_of(session))

    def id_of(self, token: str) -> str:
        """Return the id that the session of `token` has, if there is one."""
        return self._key.fingerprint("session", token)

    def use_command(self, session_id: str) -> Command:
        """Return what `resume` will ask Redis."""
        return self._sessions.use_command(session_id)

    def resume(self, session_id: str) -> StoredSession:
        """Return the session, which is used now; `NotAuthenticatedError` when it never was or has ended."""
        session = self._sessions.use(session_id)
        if session is None or session.expires_at <= self._now():
            raise NotAuthenticatedError("The session is unknown or has ended; log in again.")
        return session

    def list_of(self, user_id: int) -> Sequence[ListedSession]:
        """Return the user's newest sessions, at most a hundred."""
        now = self._now()
        found = [
            ListedSession(session, now - unused)
            for session, unused in self._sessions.list_of(user_id)
            if session.expires_at > now
        ]
        return found[:LONGEST_LIST]

    def end(self, user_id: int, session_id: str) -> bool:
        """End this session of the user's at once; return whether there was one that had not ended by itself."""
        ended = self._sessions.delete(user_id, session_id)
        return ended is not None and ended.expires_at > self._now()

    def end_all(self, user_id: int, but: str | None = None) -> int:
        """End all sessions of the user at once, except the one with the id `but`; return how many."""
        return self._sessions.delete_all(user_id, but)


class SessionService:
    """Ends sessions inside one transaction, which records it."""

    def __init__(self, store: SessionStore, audit: AuditTrail) -> None:
        self._store = store
        self._audit = audit

    def end(self, principal: Principal, session_id: str) -> None:
        """End a session of the user's own; `NotFoundError` when it is not theirs or has ended."""
        if not self._store.end(principal.user_id, session_id):
            raise NotFoundError("session", session_id)
        self._record(principal, principal.user_id, 1)

    def end_others(self, principal: Principal, present_id: str) -> None:
        """End all sessions of the user's own but the present one."""
        self._record(principal, principal.user_id, self._store.end_all(principal.user_id, but=present_id))

    def end_all_of(self, principal: Principal, user_id: int) -> None:
        """End all sessions of a user; an admin does it."""
        self._record(principal, user_id, self._store.end_all(user_id))

    def _record(self, principal: Principal, user_id: int, ended: int) -> None:
        self._audit.done(principal, "sessions.ended", Subject("user", user_id), count=ended)


def principal_of(session: StoredSession) -> Principal:
    """Return the user of a session."""
    return Principal(session.user_id, session.username, session.role)


def _shown(user_agent: str) -> str:
    """Keep what can be printed, and not all of it: clients write this text."""
    return "".join(filter(str.isprintable, user_agent))[:LONGEST_USER_AGENT]
