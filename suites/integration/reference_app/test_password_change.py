"""Another password for oneself."""

import pytest
from flask.testing import FlaskClient

from reference_app.backend import Backend
from suites.integration.reference_app.audit_trail import last_event
from suites.integration.reference_app.calls import log_in
from suites.integration.reference_app.conftest import Auth, password_of

NEW = "a new pass phrase"


@pytest.fixture
def alice(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is alice."""
    auth.login("alice")
    return client


def change(client: FlaskClient, current: str = password_of("alice"), new: str = NEW) -> int:
    """Return what the change is answered."""
    body = {"current_password": current, "new_password": new}
    return client.put("/api/auth/password", json=body).status_code


def test_changed(alice: FlaskClient, backend: Backend) -> None:
    """The new password logs in, and the old one does not."""
    assert change(alice) == 204
    assert last_event(backend) == ("alice", "password.changed", "done", ("user", 1))
    assert (log_in(alice, "alice", NEW), log_in(alice, "alice", password_of("alice"))) == (200, 401)


def test_other_sessions_end(client: FlaskClient, auth: Auth) -> None:
    """The present session lives on, and all others of the user end."""
    other, present = auth.login("alice"), auth.login("alice")
    assert change(client) == 204
    auth.use(other)
    assert client.get("/api/auth/me").status_code == 401
    auth.use(present)
    assert client.get("/api/auth/me").status_code == 200


def test_wrong_present_password(alice: FlaskClient, backend: Backend) -> None:
    """A wrong present password is 403, recorded, and changes nothing."""
    assert change(alice, current="wrong") == 403
    assert last_event(backend) == ("alice", "session.change_password", "denied", (None, None))
    assert log_in(alice, "alice", password_of("alice")) == 200


@pytest.mark.parametrize("new", ["short", "x" * 129, "password123", "a\x00bcdefgh"], ids=str)
def test_bad_password(alice: FlaskClient, new: str) -> None:
    """A new password that breaks a rule is 422 and names the field."""
    response = alice.put("/api/auth/password", json={"current_password": password_of("alice"), "new_password": new})
    assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, "/new_password")
    assert log_in(alice, "alice", password_of("alice")) == 200


@pytest.mark.parametrize("password", ["x", "x" * 128])
def test_length_at_login(alice: FlaskClient, password: str) -> None:
    """At login a password of another length is as wrong as any."""
    assert log_in(alice, "alice", password) == 401
