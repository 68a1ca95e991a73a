"""The optional second factor: begun, confirmed, asked for at login, turned off."""

import time

import pyotp
import pytest
from flask.testing import FlaskClient

from reference_app.backend import Backend
from reference_app.services.second_factor import STEP_S
from suites.integration.reference_app.audit_trail import audit_trail, last_event
from suites.integration.reference_app.calls import log_in
from suites.integration.reference_app.conftest import Auth, password_of

ALICE = ("user", 1)
PASSWORD = password_of("alice")


class App:
    """An authenticator app. Its first code is of now, the second of the next step: both count also a step later."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)
        self._next = int(time.time()) // STEP_S

    def code(self) -> str:
        """Return the next code."""
        self._next += 1
        return self._totp.generate_otp(self._next - 1)


@pytest.fixture
def alice(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is alice."""
    auth.login("alice")
    return client


@pytest.fixture
def authenticator(alice: FlaskClient) -> App:
    """Return the app of alice, whose second factor is on; one of its codes is used."""
    authenticator = App(alice.post("/api/auth/totp").json["secret"])
    assert alice.post("/api/auth/totp/confirmation", json={"code": authenticator.code()}).status_code == 204
    return authenticator


def test_begin(alice: FlaskClient, backend: Backend) -> None:
    """A new secret comes with its URI, and the database has nothing of it."""
    response = alice.post("/api/auth/totp")
    assert response.status_code == 200
    parsed = pyotp.parse_uri(response.json["uri"])
    assert (parsed.secret, parsed.name) == (response.json["secret"], "alice")
    assert last_event(backend) == ("alice", "second_factor.begun", "done", ALICE)
    with backend.work() as work:
        account = work.accounts.get(1)
    assert response.json["secret"] not in str(vars(account)) + str([vars(event) for event in audit_trail(backend)])


def test_not_asked_before_confirmation(alice: FlaskClient) -> None:
    """A secret that was not confirmed locks nobody out, and may be replaced."""
    first, second = (alice.post("/api/auth/totp").json["secret"] for _ in range(2))
    assert first != second
    assert log_in(alice, "alice", PASSWORD) == 200


def test_login_needs_code(authenticator: App, alice: FlaskClient, backend: Backend) -> None:
    """Once it is confirmed a login needs the password and a code."""
    assert last_event(backend) == ("alice", "second_factor.turned_on", "done", ALICE)
    assert log_in(alice, "alice", PASSWORD) == 401
    assert log_in(alice, "alice", PASSWORD, code=authenticator.code()) == 200
    assert log_in(alice, "alice", "wrong", code=authenticator.code()) == 401


def test_same_answer(authenticator: App, alice: FlaskClient) -> None:
    """A missing or wrong code is answered like a wrong password."""
    attempts = [{"password": "wrong", "code": authenticator.code()}, {"code": "000000"}, {}]
    body = {"username": "alice", "password": password_of("alice")}
    answers = [alice.post("/api/auth/login", json=body | fields) for fields in attempts]
    details = {(answer.status_code, answer.json["detail"]) for answer in answers}
    assert details == {(401, "The username or the password is wrong.")}


def test_no_replay(authenticator: App, alice: FlaskClient) -> None:
    """A code works once."""
    code = authenticator.code()
    assert log_in(alice, "alice", PASSWORD, code=code) == 200
    assert log_in(alice, "alice", PASSWORD, code=code) == 401


def test_code_without_factor(alice: FlaskClient) -> None:
    """Who has no second factor may send a code, which is not looked at."""
    assert log_in(alice, "alice", PASSWORD, code="123456") == 200


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "\uff11" * 6, 123456])
def test_no_code(alice: FlaskClient, code: object) -> None:
    """What cannot be a code is 422."""
    response = alice.post("/api/auth/totp/confirmation", json={"code": code})
    assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, "/code")


def test_wrong_confirmation(alice: FlaskClient) -> None:
    """A wrong code is 403 and confirms nothing."""
    alice.post("/api/auth/totp")
    assert alice.post("/api/auth/totp/confirmation", json={"code": "000000"}).status_code == 403
    assert log_in(alice, "alice", PASSWORD) == 200


def test_order(alice: FlaskClient) -> None:
    """What was not begun cannot be confirmed, and what is not on cannot be turned off."""
    assert alice.post("/api/auth/totp/confirmation", json={"code": "000000"}).status_code == 409
    assert alice.post("/api/auth/totp/removal", json={"code": "000000"}).status_code == 409


def test_on_already(authenticator: App, alice: FlaskClient) -> None:
    """What is on is not begun or confirmed again: nobody replaces the secret without a code."""
    assert alice.post("/api/auth/totp").status_code == 409
    assert alice.post("/api/auth/totp/confirmation", json={"code": authenticator.code()}).status_code == 409


def test_removal(authenticator: App, alice: FlaskClient, backend: Backend) -> None:
    """A code turns it off; a wrong one does not."""
    assert alice.post("/api/auth/totp/removal", json={"code": "000000"}).status_code == 403
    assert alice.post("/api/auth/totp/removal", json={"code": authenticator.code()}).status_code == 204
    assert last_event(backend) == ("alice", "second_factor.turned_off", "done", ALICE)
    assert log_in(alice, "alice", PASSWORD) == 200
