"""People ask for an account; an admin approves or rejects."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from reference_app.backend import Backend
from reference_app.models import RegistrationRequest
from suites.integration.reference_app.audit_trail import last_event
from suites.integration.reference_app.calls import log_in
from suites.integration.reference_app.conftest import Auth, password_of
from suites.integration.reference_app.row_locks import row_locked, start_waiting

CAROL = {"username": "carol", "password": password_of("carol"), "reason": "I deploy the shop."}


def ask(client: FlaskClient, **fields: Any) -> Any:
    """Send a request for an account, as nobody."""
    return client.post("/api/registrations", json=CAROL | fields, headers={"Authorization": "none"})


def stored(backend: Backend) -> list[RegistrationRequest]:
    """Return all requests as they are stored."""
    with backend.database.transaction() as session:
        return list(session.scalars(select(RegistrationRequest).order_by(RegistrationRequest.id)))


@pytest.fixture
def admin(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is the admin."""
    auth.login("admin")
    return client


def test_asked(admin: FlaskClient, backend: Backend) -> None:
    """A request waits, is seen by admins, and lets nobody in."""
    response = ask(admin)
    assert (response.status_code, response.json) == (202, {"status": "pending"})
    assert last_event(backend) == (None, "registration.requested", "done", ("registration", 1))
    (listed,) = admin.get("/api/registrations").json["items"]
    assert (listed["username"], listed["status"], listed["reason"]) == ("carol", "pending", "I deploy the shop.")
    assert log_in(admin, "carol", CAROL["password"]) == 401


@pytest.mark.parametrize("username", ["alice", "carol"])
def test_same_answer(admin: FlaskClient, username: str) -> None:
    """Whoever asks learns nothing about who exists, or who else has asked."""
    fresh, again = ask(admin, username="dave"), [ask(admin, username=username) for _ in range(2)]
    assert all((answer.status_code, answer.json) == (202, fresh.json) for answer in again)
    assert {name for name, _ in fresh.headers} == {name for answer in again for name, _ in answer.headers}


def test_first_counts(admin: FlaskClient, backend: Backend) -> None:
    """Of two requests for one name the first waits, with its own password."""
    ask(admin)
    ask(admin, password="another pass phrase")
    assert len(stored(backend)) == 1
    assert last_event(backend) == (None, "registration.requested", "denied", (None, None))
    admin.post("/api/registrations/1/approval", json={})
    assert log_in(admin, "carol", CAROL["password"]) == 200


@pytest.mark.parametrize("body", [{}, {"role": "member"}, {"role": "admin"}], ids=str)
def test_approved(admin: FlaskClient, backend: Backend, body: dict[str, str]) -> None:
    """An approved user exists, has the role that was chosen, and logs in with the password that they sent."""
    ask(admin)
    response = admin.post("/api/registrations/1/approval", json=body)
    assert response.status_code == 201
    assert (response.json["username"], response.json["role"]) == ("carol", body.get("role", "member"))
    assert response.headers["Location"] == f"/api/users/{response.json['id']}"
    assert last_event(backend) == ("admin", "registration.approved", "done", ("registration", 1))
    assert log_in(admin, "carol", CAROL["password"]) == 200


def test_rejected(admin: FlaskClient, backend: Backend) -> None:
    """A rejected user does not exist; the name may be asked for again."""
    ask(admin)
    response = admin.post("/api/registrations/1/rejection")
    assert (response.status_code, response.json["status"], response.json["decided_by_id"]) == (200, "rejected", 3)
    assert last_event(backend) == ("admin", "registration.rejected", "done", ("registration", 1))
    assert log_in(admin, "carol", CAROL["password"]) == 401
    ask(admin)
    assert [request.status.value for request in stored(backend)] == ["rejected", "pending"]


@pytest.mark.parametrize("decision", ["approval", "rejection"])
def test_decided_once(admin: FlaskClient, backend: Backend, decision: str) -> None:
    """What is decided stays so, and its password is forgotten."""
    ask(admin)
    admin.post(f"/api/registrations/1/{decision}", json={})
    assert stored(backend)[0].password_hash is None
    assert admin.post("/api/registrations/1/approval", json={}).status_code == 409
    assert admin.post("/api/registrations/1/rejection").status_code == 409


def test_name_taken(admin: FlaskClient, backend: Backend) -> None:
    """A request for a name that is taken cannot be approved, and can be rejected."""
    ask(admin, username="alice")
    assert admin.post("/api/registrations/1/approval", json={}).status_code == 409
    assert stored(backend)[0].status.value == "pending"
    assert admin.post("/api/registrations/1/rejection").status_code == 200


def test_unknown(admin: FlaskClient) -> None:
    """What was not asked cannot be decided."""
    assert admin.post("/api/registrations/7/approval", json={}).status_code == 404
    assert admin.post("/api/registrations/7/rejection").status_code == 404


def test_two_admins_at_once(app: Flask, admin: FlaskClient, backend: Backend) -> None:
    """Of two decisions at the same moment one counts, and the other is 409."""
    ask(admin)
    other = app.test_client()
    other.environ_base.update(admin.environ_base)
    calls = [
        lambda: admin.post("/api/registrations/1/approval", json={}).status_code,
        lambda: other.post("/api/registrations/1/rejection").status_code,
    ]
    with ThreadPoolExecutor(2) as pool:
        with row_locked(backend, "SELECT id FROM registration_requests FOR UPDATE"):
            waiting = start_waiting(backend, pool, *calls)
        statuses = sorted(future.result(10) for future in waiting)
    assert statuses in ([200, 409], [201, 409])


def test_pages(admin: FlaskClient) -> None:
    """The list is paged, oldest first, and can show one status only."""
    for name in ("carol", "dave", "erin"):
        ask(admin, username=name)
    admin.post("/api/registrations/2/rejection")
    first = admin.get("/api/registrations?limit=2").json
    second = admin.get(f"/api/registrations?limit=2&cursor={first['next_cursor']}").json
    assert [item["username"] for item in first["items"] + second["items"]] == ["carol", "dave", "erin"]
    pending = admin.get("/api/registrations?status=pending").json["items"]
    assert [item["username"] for item in pending] == ["carol", "erin"]
    assert admin.get("/api/registrations?status=lost").status_code == 422


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"username": "Carol"}, "/username"),
        ({"password": "short"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"password": "iloveyou123"}, "/password"),
        ({"username": "carol-smith", "password": "Carol-Smith"}, "/password"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"role": "admin"}, "/role"),
        ({"active": True}, "/active"),
        ({"id": 7}, "/id"),
        ({"status": "approved"}, "/status"),
        ({"password_hash": "x"}, "/password_hash"),
    ],
    ids=str,
)
def test_bad_request(admin: FlaskClient, backend: Backend, fields: dict[str, Any], pointer: str) -> None:
    """A request that breaks a rule is 422 and names the place; nobody chooses their own role or status."""
    response = ask(admin, **fields)
    assert (response.status_code, [error["pointer"] for error in response.json["errors"]]) == (422, [pointer])
    assert stored(backend) == []


@pytest.mark.parametrize(
    "fields", [{"id": 7}, {"active": False}, {"username": "dave"}, {"password_hash": "x"}], ids=str
)
def test_bad_approval(admin: FlaskClient, backend: Backend, fields: dict[str, Any]) -> None:
    """An admin chooses the role and nothing else of what was asked for."""
    ask(admin)
    assert admin.post("/api/registrations/1/approval", json=fields).status_code == 422
    assert stored(backend)[0].status.value == "pending"
