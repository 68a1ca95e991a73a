"""Sessions: opaque tokens, of which the store knows only keyed hashes."""

from datetime import UTC, datetime, timedelta

import pytest

from reference_app.errors import NotAuthenticatedError, WrongCredentialsError
from reference_app.models import Admin, Role
from reference_app.repositories.session import SessionRepository, StoredSession
from reference_app.services.authentication import Authentication
from reference_app.services.passwords import Passwords

LIFETIME = timedelta(minutes=5)


class StoredInMemory(SessionRepository):
    """Sessions in a dictionary, for ever."""

    def __init__(self) -> None:
        self.sessions: dict[str, StoredSession] = {}

    def put(self, token_hash: str, session: StoredSession, lifetime: timedelta) -> None:
        """Store the session; the lifetime is somebody else's business."""
        assert lifetime == LIFETIME
        self.sessions[token_hash] = session

    def find(self, token_hash: str) -> StoredSession | None:
        """Return the session."""
        return self.sessions.get(token_hash)

    def delete(self, token_hash: str) -> None:
        """Forget the session."""
        self.sessions.pop(token_hash, None)


class PlainPasswords(Passwords):
    """Passwords that are their own hashes."""

    def __init__(self) -> None:
        self.checked: list[str | None] = []

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Return whether the two are the same, and note that somebody asked."""
        self.checked.append(password_hash)
        return password == password_hash


def account(*, active: bool = True) -> Admin:
    """Return alice's account."""
    return Admin(id=7, username="alice", password_hash="secret", role=Role.MEMBER, active=active)


@pytest.fixture
def store() -> StoredInMemory:
    """Return an empty store."""
    return StoredInMemory()


def authentication(
    store: StoredInMemory, found: Admin | None = None, passwords: Passwords | None = None, key: str = "key"
) -> Authentication:
    """Return the service over an account that is found, or none."""
    return Authentication(lambda _name: found, passwords or PlainPasswords(), store, key, LIFETIME)


def test_session(store: StoredInMemory) -> None:
    """A login's token finds the session until logout."""
    service = authentication(store, account())
    issued = service.login("alice", "secret")
    resumed = service.resume(issued.token)
    assert (resumed.user_id, resumed.username, resumed.role) == (7, "alice", Role.MEMBER)
    assert abs(datetime.now(UTC) + LIFETIME - resumed.expires_at) < timedelta(seconds=5)
    service.logout(issued.token)
    with pytest.raises(NotAuthenticatedError):
        service.resume(issued.token)


def test_stored_hash(store: StoredInMemory) -> None:
    """The token cannot be read from the store, and depends on the key."""
    token = authentication(store, account()).login("alice", "secret").token
    (stored,) = store.sessions
    assert token not in stored
    with pytest.raises(NotAuthenticatedError):
        authentication(store, key="other key").resume(token)


@pytest.mark.parametrize(
    ("found", "password", "checked"),
    [(account(), "wrong", "secret"), (account(active=False), "secret", None), (None, "secret", None)],
    ids=["wrong password", "not active", "unknown"],
)
def test_refusals_are_alike(store: StoredInMemory, found: Admin | None, password: str, checked: str | None) -> None:
    """Whatever is wrong, one password is checked, the error is the same, and no session starts."""
    passwords = PlainPasswords()
    with pytest.raises(WrongCredentialsError, match=r"^The username or the password is wrong\.$"):
        authentication(store, found, passwords).login("alice", password)
    assert passwords.checked == [checked]
    assert not store.sessions
