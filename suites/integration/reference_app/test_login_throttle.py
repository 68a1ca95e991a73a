"""Guessing passwords is slow, and nobody is locked out by somebody else's guesses."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from reference_app.backend import Backend
from reference_app.settings import Settings
from suites.integration.reference_app.audit_trail import audit_trail
from suites.integration.reference_app.conftest import Auth, password_of

PER_ACCOUNT, PER_ADDRESS = 3, 6
HOME, ELSEWHERE = "192.0.2.1", "192.0.2.200"

pytestmark = pytest.mark.usefixtures("auth")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with small budgets."""
    budgets = {"login_failures_per_account": PER_ACCOUNT, "login_failures_per_address": PER_ADDRESS}
    return settings.model_copy(update=budgets)


def log_in(client: FlaskClient, name: str, address: str, password: str | None = None) -> Any:
    """Send a login from an address, with the right password unless another is given."""
    body = {"username": name, "password": password or password_of(name)}
    return client.post("/api/auth/login", json=body, environ_overrides={"REMOTE_ADDR": address})


def guess(client: FlaskClient, name: str, address: str, times: int) -> list[int]:
    """Send wrong passwords, and return what they were answered."""
    return [log_in(client, name, address, "wrong").status_code for _ in range(times)]


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_account(client: FlaskClient, name: str) -> None:
    """After so many failures an account is closed to strangers, whether it exists or not, from every address."""
    assert guess(client, name, HOME, PER_ACCOUNT) == [401] * PER_ACCOUNT
    for address in (HOME, ELSEWHERE):
        response = log_in(client, name, address)
        assert (response.status_code, response.content_type) == (429, "application/problem+json")
        assert response.json["detail"] == "Too many attempts have failed. Try again later."
        assert 800 < int(response.headers["Retry-After"]) <= 900


def test_address(client: FlaskClient) -> None:
    """After so many failures, whoever they named, an address has to wait; others have not."""
    for number in range(PER_ADDRESS):
        assert log_in(client, f"name{number}", HOME, "wrong").status_code == 401
    assert log_in(client, "alice", HOME).status_code == 429
    assert log_in(client, "alice", ELSEWHERE).status_code == 200


def test_owner_is_not_locked_out(client: FlaskClient) -> None:
    """From where an account has logged in, the guesses of strangers do not count."""
    assert log_in(client, "alice", HOME).status_code == 200
    assert guess(client, "alice", ELSEWHERE, PER_ACCOUNT + 1) == [401] * PER_ACCOUNT + [429]
    assert log_in(client, "alice", HOME).status_code == 200


def test_neighbours_do_not_lock_out(client: FlaskClient) -> None:
    """Neither do guesses at other names from the same address."""
    assert log_in(client, "alice", HOME).status_code == 200
    for number in range(PER_ADDRESS):
        log_in(client, f"name{number}", HOME, "wrong")
    assert log_in(client, "bob", HOME).status_code == 429
    assert log_in(client, "alice", HOME).status_code == 200


def test_known_address_has_a_limit(client: FlaskClient) -> None:
    """Where an account has logged in it may fail so often, and no more."""
    assert log_in(client, "alice", HOME).status_code == 200
    assert guess(client, "alice", HOME, PER_ACCOUNT + 1) == [401] * PER_ACCOUNT + [429]
    assert log_in(client, "alice", ELSEWHERE).status_code == 200


def test_success_costs_nothing(client: FlaskClient) -> None:
    """Only failures count."""
    assert {200} == {log_in(client, "alice", HOME).status_code for _ in range(PER_ADDRESS + 1)}


def test_window(client: FlaskClient, redis: Redis) -> None:
    """What Redis keeps of failures is gone after a quarter of an hour."""
    guess(client, "alice", HOME, 1)
    keys = redis.keys("*login-failures*")
    assert len(keys) == 2
    assert all(0 < redis.ttl(key) <= 900 for key in keys)
    redis.delete(*keys)
    assert guess(client, "alice", HOME, PER_ACCOUNT) == [401] * PER_ACCOUNT


def test_audited_once(client: FlaskClient, backend: Backend) -> None:
    """Every failure is in the audit trail, and of the refusals the first: they must not fill it."""
    guess(client, "alice", HOME, PER_ACCOUNT + 5)
    denials = [(event.address, event.details) for event in audit_trail(backend) if event.action == "login.login"]
    failures = [(HOME, {"reason": "WrongCredentialsError"})] * PER_ACCOUNT
    assert denials == [*failures, (HOME, {"reason": "TooManyAttemptsError"})]


def test_present_password(client: FlaskClient, auth: Auth) -> None:
    """Who has somebody's session cannot guess their password either."""
    auth.login("alice")
    body = {"current_password": "wrong", "new_password": "a new pass phrase"}
    answers = [client.put("/api/auth/password", json=body).status_code for _ in range(PER_ACCOUNT + 1)]
    assert answers == [403] * PER_ACCOUNT + [429]


def test_codes(client: FlaskClient, auth: Auth) -> None:
    """Nor codes of their second factor."""
    auth.login("alice")
    client.post("/api/auth/totp")
    body = {"code": "000000"}
    answers = [client.post("/api/auth/totp/confirmation", json=body).status_code for _ in range(PER_ACCOUNT + 1)]
    assert answers == [403] * PER_ACCOUNT + [429]
