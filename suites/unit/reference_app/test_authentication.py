"""Logins: whatever is wrong, the work and the answer are the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reference_app.errors import TooManyAttemptsError, WrongCredentialsError
from reference_app.models import Admin, Role
from reference_app.services.authentication import Authentication, LoginAttempt
from reference_app.services.login_throttle import LoginThrottle
from reference_app.services.passwords import Passwords
from reference_app.services.principal import Origin, Principal
from reference_app.services.second_factor import OneTimeCodes
from reference_app.services.secret_key import SecretKey
from reference_app.services.sessions import IssuedSession, SessionStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ISSUED = IssuedSession("token", NOW + timedelta(hours=8), Principal(7, "alice", Role.MEMBER))


class PlainPasswords(Passwords):
    """Passwords that are their own hashes."""

    def __init__(self) -> None:
        self.checked: list[str | None] = []

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Return whether the two are the same, and note that somebody asked."""
        self.checked.append(password_hash)
        return password == password_hash

    def renewed(self, password: str, password_hash: str) -> str:
        """Return a hash with another cost."""
        return password + password_hash


class OpenThrottle(LoginThrottle):
    """Lets everybody try, or nobody."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.known: list[str] = []

    @contextmanager
    def guard(self, username: str, address: str | None) -> Iterator[None]:
        """Let the attempt be made if anybody's may be."""
        if not self.is_open:
            raise TooManyAttemptsError(f"Not {username} from {address}.", 60)
        yield

    def remember(self, username: str, address: str | None) -> None:
        """Note who got in."""
        assert address is None
        self.known.append(username)


class Sessions(SessionStore):
    """Begins sessions that are nowhere."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    def start(self, account: Admin, origin: Origin, user_agent: str) -> IssuedSession:
        """Note whose session begins."""
        assert (origin, user_agent) == (Origin(), "")
        self.begun.append(account.id)
        return ISSUED


class Accounts:
    """One account, or none; `changes` is what somebody else does to it after it was found."""

    def __init__(self, account: Admin | None, changes: dict[str, Any] | None = None) -> None:
        self.account = account
        self.changes = changes or {}

    def find(self, _username: str) -> Admin | None:
        """Return a copy of the account, as its row is now."""
        kept = vars(self.account) if self.account else {}
        return Admin(**{name: value for name, value in kept.items() if not name.startswith("_")}) if kept else None

    def lock(self, identity: int) -> Admin:
        """Return the account as it has become meanwhile."""
        assert self.account is not None
        assert identity == self.account.id
        for name, value in self.changes.items():
            setattr(self.account, name, value)
        return self.account


def account(**fields: Any) -> Admin:
    """Return alice's account."""
    return Admin(**({"id": 7, "username": "alice", "password_hash": "secret", "role": Role.MEMBER} | fields))


ACTIVE = {"active": True}


class Login:
    """The service over one account, and what it did."""

    def __init__(self, accounts: Accounts, throttle: OpenThrottle | None = None) -> None:
        self.accounts = accounts
        self.passwords = PlainPasswords()
        self.sessions = Sessions()
        self.throttle = throttle or OpenThrottle()
        codes = OneTimeCodes(SecretKey("key"), lambda: NOW)
        self.service = Authentication(self.begin_work, self.passwords, codes, self.throttle, self.sessions)

    @contextmanager
    def begin_work(self, _origin: Origin) -> Iterator[Any]:
        """Give the account, and an audit trail that nobody reads."""
        yield SimpleNamespace(accounts=self.accounts, audit=SimpleNamespace(done=lambda *_things, **_details: None))

    def attempt(self, password: str, code: str | None = None) -> IssuedSession:
        """Log in as alice."""
        return self.service.login(LoginAttempt("alice", password, code, Origin()))


def test_success() -> None:
    """The right password begins a session, renews the hash, and makes the address known."""
    login = Login(Accounts(found := account(**ACTIVE)))
    assert login.attempt("secret") == ISSUED
    assert (login.sessions.begun, login.throttle.known) == ([7], ["alice"])
    assert found.password_hash == "secretsecret"


@pytest.mark.parametrize(
    ("found", "password", "checked"),
    [
        (account(**ACTIVE), "wrong", "secret"),
        (account(active=False), "secret", None),
        (None, "secret", None),
        (account(**ACTIVE, totp_nonce="nonce", totp_last_step=1), "secret", "secret"),
    ],
    ids=["wrong password", "not active", "unknown", "no code"],
)
def test_refusals_are_alike(found: Admin | None, password: str, checked: str | None) -> None:
    """Whatever is wrong, one password is checked, the error is the same, and no session begins."""
    login = Login(Accounts(found))
    with pytest.raises(WrongCredentialsError, match=r"^The username or the password is wrong\.$"):
        login.attempt(password)
    assert login.passwords.checked == [checked]
    assert login.sessions.begun == []


def test_throttled() -> None:
    """Who must wait costs no password check, and no look at the account."""
    login = Login(Accounts(None), OpenThrottle(is_open=False))
    login.accounts = cast("Accounts", None)
    with pytest.raises(TooManyAttemptsError):
        login.attempt("secret")
    assert login.passwords.checked == []


@pytest.mark.parametrize(
    "meanwhile",
    [{"active": False}, {"password_hash": "other"}, {"totp_last_step": 1}],
    ids=["deactivated", "another password", "a second factor"],
)
def test_changed_meanwhile(meanwhile: dict[str, Any]) -> None:
    """What changes between the check of the password and the session counts: no session begins."""
    login = Login(Accounts(account(**ACTIVE), meanwhile))
    with pytest.raises(WrongCredentialsError):
        login.attempt("secret")
    assert login.sessions.begun == []
