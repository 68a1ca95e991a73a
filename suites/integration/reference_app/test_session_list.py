"""Sessions are listed and ended by their user, and by admins."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from reference_app.backend import Backend
from suites.integration.reference_app.audit_trail import last_event
from suites.integration.reference_app.conftest import Auth, password_of

ALICE, BOB = 1, 2


def is_alive(client: FlaskClient, token: str) -> bool:
    """Return whether a session's token is accepted."""
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_listed(client: FlaskClient, auth: Auth, redis: Redis) -> None:
    """The user sees when each session began, was used and will end, and from where it came, newest first."""
    body = {"username": "alice", "password": password_of("alice")}
    headers = {"User-Agent": "Mozilla/5.0 (a browser)"}
    client.post("/api/auth/login", json=body, headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    (key,) = redis.keys("session:*")
    redis.expire(key, 30 * 60 - 100)  # as if it had not been used for 100 seconds
    token = auth.login("alice")
    listed = client.get("/api/auth/sessions").json
    newest, oldest = listed["items"]
    assert listed["current_id"] == newest["id"]
    assert key == f"session:{oldest['id']}"
    assert (oldest["address"], oldest["user_agent"]) == ("192.0.2.7", "Mozilla/5.0 (a browser)")
    assert token not in str(listed)
    unused = datetime.now(UTC) - datetime.fromisoformat(oldest["last_used_at"])
    assert timedelta(seconds=99) < unused < timedelta(seconds=300)
    begun, end = (datetime.fromisoformat(oldest[name]) for name in ("created_at", "expires_at"))
    assert end - begun == timedelta(hours=8)


def test_only_own(client: FlaskClient, auth: Auth) -> None:
    """Nobody sees the sessions of others in their own list."""
    auth.login("bob")
    auth.login("alice")
    assert len(client.get("/api/auth/sessions").json["items"]) == 1


def test_end_one(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A user ends one of their sessions; the others live on."""
    other, present = auth.login("alice"), auth.login("alice")
    ended = client.get("/api/auth/sessions").json["items"][1]["id"]
    assert client.delete(f"/api/auth/sessions/{ended}").status_code == 204
    assert last_event(backend) == ("alice", "sessions.ended", "done", ("user", ALICE))
    assert (is_alive(client, other), is_alive(client, present)) == (False, True)
    assert client.delete(f"/api/auth/sessions/{ended}").status_code == 404


def test_others_session(client: FlaskClient, auth: Auth) -> None:
    """The id of somebody else's session is no id: 404, and the session lives on."""
    token = auth.login("alice")
    identity = client.get("/api/auth/sessions").json["current_id"]
    auth.login("bob")
    assert client.delete(f"/api/auth/sessions/{identity}").status_code == 404
    assert is_alive(client, token)


@pytest.mark.parametrize("identity", ["1", "A" * 64, "a" * 63, "a" * 65])
def test_no_session_id(client: FlaskClient, auth: Auth, identity: str) -> None:
    """What cannot be a session's id is 422."""
    auth.login("alice")
    assert client.delete(f"/api/auth/sessions/{identity}").status_code == 422


def test_end_others(client: FlaskClient, auth: Auth) -> None:
    """A user ends all their sessions but the present one, and nobody else's."""
    of_bob, first, second, present = (auth.login(name) for name in ("bob", "alice", "alice", "alice"))
    assert client.delete("/api/auth/sessions").status_code == 204
    assert [is_alive(client, token) for token in (of_bob, first, second, present)] == [True, False, False, True]


def test_admin_lists(client: FlaskClient, auth: Auth) -> None:
    """An admin sees the sessions of any user."""
    auth.login("alice")
    auth.login("admin")
    listed = client.get(f"/api/users/{ALICE}/sessions")
    assert (listed.status_code, len(listed.json["items"])) == (200, 1)
    assert client.get(f"/api/users/{BOB}/sessions").json == {"items": []}
    assert client.get("/api/users/999/sessions").status_code == 404


def test_admin_ends(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """An admin ends all sessions of a user."""
    first, second, present = auth.login("alice"), auth.login("alice"), auth.login("admin")
    assert client.delete(f"/api/users/{ALICE}/sessions").status_code == 204
    assert last_event(backend) == ("admin", "sessions.ended", "done", ("user", ALICE))
    assert [is_alive(client, token) for token in (first, second, present)] == [False, False, True]
    assert client.delete("/api/users/999/sessions").status_code == 404
