"""Sessions: opaque tokens, of which the store knows only keyed hashes."""

from datetime import UTC, datetime, timedelta

import pytest

from reference_app.errors import NotAuthenticatedError
from reference_app.models import Admin, Role
from reference_app.repositories.session import SessionRepository, StoredSession
from reference_app.services.principal import Origin
from reference_app.services.secret_key import SecretKey
from reference_app.services.sessions import SessionStore

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = timedelta(hours=8)
ALICE = Admin(id=7, username="alice", role=Role.MEMBER)


class StoredInMemory(SessionRepository):
    """Sessions in a dictionary, for ever."""

    def __init__(self) -> None:
        self.sessions: dict[str, StoredSession] = {}

    def put(self, session: StoredSession) -> None:
        """Store the session."""
        self.sessions[session.id] = session

    def use(self, session_id: str) -> StoredSession | None:
        """Return the session."""
        return self.sessions.get(session_id)


@pytest.fixture
def stored() -> StoredInMemory:
    """Return an empty store."""
    return StoredInMemory()


def store(stored: StoredInMemory, at: datetime = BEGUN, key: str = "key") -> SessionStore:
    """Return the service at some moment."""
    return SessionStore(stored, SecretKey(key), LONGEST, lambda: at)


def resumed(store: SessionStore, token: str) -> StoredSession:
    """Resume the session of a token."""
    return store.resume(store.id_of(token))


def test_resumed(stored: StoredInMemory) -> None:
    """A token finds the session, which knows its user, where it came from, and its end."""
    issued = store(stored).start(ALICE, Origin("192.0.2.1"), "curl/8")
    session = resumed(store(stored), issued.token)
    assert (session.user_id, session.username, session.role) == (7, "alice", Role.MEMBER)
    assert (session.address, session.user_agent) == ("192.0.2.1", "curl/8")
    assert (session.created_at, session.expires_at) == (BEGUN, BEGUN + LONGEST)


def test_absolute_end(stored: StoredInMemory) -> None:
    """At its end the session is over, even if Redis still has it."""
    token = store(stored).start(ALICE, Origin(), "").token
    assert resumed(store(stored, BEGUN + LONGEST - timedelta(seconds=1)), token).user_id == 7
    with pytest.raises(NotAuthenticatedError):
        resumed(store(stored, BEGUN + LONGEST), token)


def test_stored_hash(stored: StoredInMemory) -> None:
    """The token cannot be read from the store, and depends on the key."""
    token = store(stored).start(ALICE, Origin(), "").token
    ((identity, session),) = stored.sessions.items()
    assert token not in f"{identity} {session}"
    with pytest.raises(NotAuthenticatedError):
        resumed(store(stored, key="other key"), token)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("curl/8", "curl/8"), ("a\x1b[31m\nb", "a[31mb"), ("x" * 5000, "x" * 120), ("", "")],
    ids=["usual", "control characters", "long", "none"],
)
def test_user_agent(stored: StoredInMemory, sent: str, kept: str) -> None:
    """What the client calls itself is kept as far as it can be shown."""
    store(stored).start(ALICE, Origin(), sent)
    assert [kept] == [session.user_agent for session in stored.sessions.values()]
