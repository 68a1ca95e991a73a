"""Admins see and change user accounts; one admin always remains."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import RedisError
from sqlalchemy import text

from harness.ports import LOOPBACK, free_port
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.errors import ConflictError
from reference_app.models import Role
from reference_app.services.principal import Principal
from suites.integration.reference_app.audit_trail import audit_trail, last_event
from suites.integration.reference_app.conftest import Auth, MakeApp, password_of
from suites.integration.reference_app.row_locks import row_locked, start_waiting

ALICE, ADMIN = 1, 3


@pytest.fixture
def admin(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is the admin."""
    auth.login("admin")
    return client


def client_of(app: Flask, name: str) -> FlaskClient:
    """Return another client, with that user."""
    client = app.test_client()
    Auth(client).login(name)
    return client


def test_listed(admin: FlaskClient) -> None:
    """The list is paged, oldest first, and tells no secret."""
    first = admin.get("/api/users?limit=2").json
    second = admin.get(f"/api/users?limit=2&cursor={first['next_cursor']}").json
    listed = first["items"] + second["items"]
    assert [(user["username"], user["role"]) for user in listed] == [
        ("alice", "member"),
        ("bob", "member"),
        ("admin", "admin"),
    ]
    assert {"id", "username", "role", "active", "has_second_factor", "created_at"} == set(listed[0])


def test_read(admin: FlaskClient) -> None:
    """One user is read by id."""
    response = admin.get(f"/api/users/{ALICE}")
    assert (response.status_code, response.json["username"], response.json["active"]) == (200, "alice", True)
    assert admin.get("/api/users/999").status_code == 404


@pytest.mark.parametrize("changes", [{"role": "admin"}, {"active": False}], ids=str)
def test_change_ends_sessions(app: Flask, admin: FlaskClient, backend: Backend, changes: dict[str, Any]) -> None:
    """Another role, or none at all, ends all sessions of the user at once, and is recorded."""
    sessions = [client_of(app, "alice") for _ in range(2)]
    response = admin.patch(f"/api/users/{ALICE}", json=changes)
    assert response.status_code == 200
    assert changes.items() <= response.json.items()
    event = audit_trail(backend)[-1]
    assert (event.actor, event.action, event.object_id, event.details) == ("admin", "user.updated", ALICE, changes)
    assert [client.get("/api/auth/me").status_code for client in sessions] == [401, 401]


def test_new_role(app: Flask, admin: FlaskClient) -> None:
    """After the next login the new role counts."""
    admin.patch(f"/api/users/{ALICE}", json={"role": "admin"})
    assert client_of(app, "alice").get("/api/users").status_code == 200


def test_deactivated_and_back(client: FlaskClient, admin: FlaskClient) -> None:
    """Who is not active cannot log in until an admin says otherwise."""
    body = {"username": "alice", "password": password_of("alice")}
    answers = []
    for active in (False, True):
        admin.patch(f"/api/users/{ALICE}", json={"active": active})
        answers.append(client.post("/api/auth/login", json=body, headers={"Authorization": "none"}).status_code)
    assert answers == [401, 200]


@pytest.mark.parametrize("changes", [{}, {"role": "member"}, {"active": True}], ids=str)
def test_nothing_changed(app: Flask, admin: FlaskClient, backend: Backend, changes: dict[str, Any]) -> None:
    """What is so already changes nothing and ends nothing."""
    alice = client_of(app, "alice")
    before = len(audit_trail(backend))
    assert admin.patch(f"/api/users/{ALICE}", json=changes).status_code == 200
    assert len(audit_trail(backend)) == before
    assert alice.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize("changes", [{"role": "member"}, {"active": False}], ids=str)
def test_not_oneself(admin: FlaskClient, changes: dict[str, Any]) -> None:
    """An admin neither demotes nor deactivates themself."""
    assert admin.patch(f"/api/users/{ADMIN}", json=changes).status_code == 409
    assert admin.get("/api/auth/me").status_code == 200


def test_one_admin_remains(app: Flask, admin: FlaskClient, backend: Backend) -> None:
    """Two admins who demote each other at the same moment: the second is an admin no more, and changes nothing."""
    with backend.work() as work:
        other = work.accounts.create("other-admin", password_of("other-admin"), Role.ADMIN)
    second = client_of(app, "other-admin")
    with ThreadPoolExecutor(2) as pool:
        with row_locked(backend, "SELECT id FROM admins ORDER BY id FOR UPDATE"):
            waiting = start_waiting(
                backend,
                pool,
                lambda: admin.patch(f"/api/users/{other.id}", json={"role": "member"}).status_code,
                lambda: second.patch(f"/api/users/{ADMIN}", json={"role": "member"}).status_code,
            )
        assert sorted(future.result(10) for future in waiting) == [200, 403]
    with backend.work() as work:
        roles = [account.role for account in work.accounts.list_page(10).items]
    assert roles.count(Role.ADMIN) == 1


def test_login_meanwhile(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A login that is under way while its user is deactivated begins no session."""
    auth.login("admin")
    auth.forget()
    body = {"username": "alice", "password": password_of("alice")}
    with ThreadPoolExecutor(1) as pool:
        with row_locked(backend, "SELECT id FROM admins FOR UPDATE") as session:
            (login,) = start_waiting(backend, pool, lambda: client.post("/api/auth/login", json=body).status_code)
            session.execute(text("UPDATE admins SET active = false WHERE username = 'alice'"))
        assert login.result(10) == 401


def test_without_redis(auth: Auth, make_app: MakeApp, backend: Backend) -> None:
    """When sessions cannot be ended, nothing changes: nobody stays in who should be out."""
    assert auth
    app = make_app(redis_url=SecretStr(f"redis://{LOOPBACK}:{free_port()}/0"))
    broken: Backend = app.extensions[EXTENSION]
    with pytest.raises(RedisError), broken.work() as work:
        work.accounts.update(Principal(ADMIN, "admin", Role.ADMIN), ALICE, {"active": False})
    with backend.work() as work:
        assert work.accounts.get(ALICE).active


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"role": "owner"}, "/role"),
        ({"role": None}, "/role"),
        ({"active": "yes"}, "/active"),
        ({"active": 1}, "/active"),
        ({"active": None}, "/active"),
        ({"username": "eve"}, "/username"),
        ({"id": 7}, "/id"),
        ({"password_hash": "x"}, "/password_hash"),
        ({"totp_nonce": "x"}, "/totp_nonce"),
    ],
    ids=str,
)
def test_bad_change(admin: FlaskClient, changes: dict[str, Any], pointer: str) -> None:
    """A change that breaks a rule is 422 and names the place; name, id and password are not for admins to set."""
    response = admin.patch(f"/api/users/{ALICE}", json=changes)
    assert (response.status_code, [error["pointer"] for error in response.json["errors"]]) == (422, [pointer])


def test_commands_are_recorded(auth: Auth, backend: Backend) -> None:
    """Accounts made by a command are in the audit trail, of nobody who is known."""
    assert auth
    assert last_event(backend) == (None, "user.created", "done", ("user", ADMIN))


def test_reserved_name(backend: Backend) -> None:
    """Nobody gets the name of the account that owns what GitHub reports."""
    with pytest.raises(ConflictError, match="github is taken"), backend.work() as work:
        work.accounts.create("github", password_of("alice"), Role.ADMIN)
