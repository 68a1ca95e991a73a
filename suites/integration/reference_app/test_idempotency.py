"""Idempotency-Key: a creating call has one effect, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from reference_app.backend import Backend
from suites.integration.reference_app.calls import create, new_key
from suites.integration.reference_app.conftest import Auth

KEY = {"Idempotency-Key": "my-key"}


@pytest.fixture
def user(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is alice."""
    auth.login("alice")
    return client


def send(client: FlaskClient, body: dict[str, Any] | None = None, key: dict[str, str] = KEY) -> TestResponse:
    """Try to create a pipeline."""
    return client.post("/api/pipelines", json=body or {"name": "build"}, headers=key)


def count(client: FlaskClient) -> int:
    """Return how many pipelines there are."""
    return len(client.get("/api/pipelines?limit=100").json["items"])


def run(backend: Backend, statement: str) -> Any:
    """Run SQL, and return the first column of the first row, if it gives any."""
    with backend.database.engine.begin() as connection:
        found = connection.execute(text(statement))
        return found.scalar() if found.returns_rows else None


def test_replay(user: FlaskClient) -> None:
    """A repeated call gets the same status, headers and body, marked as replayed, and makes nothing."""
    first, second = send(user), send(user)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (first.status_code, first.data, first.content_type) == (second.status_code, second.data, second.content_type)
    for name in ("Location", "ETag"):
        assert first.headers[name] == second.headers[name]
    assert count(user) == 1


def test_replay_tells_the_past(user: FlaskClient) -> None:
    """The replayed answer is what was answered then, also when the pipeline has gone since."""
    first = send(user)
    user.delete(first.headers["Location"])
    assert first.data == send(user).data
    assert count(user) == 0


def test_same_call_written_differently(user: FlaskClient) -> None:
    """How the JSON is written makes no other call of it."""
    bodies = ('{"name": "x", "branch": "main"}', '{"branch":"main",\n"name":"x"}')
    first, second = (
        user.post("/api/pipelines", data=body, headers=KEY, content_type="application/json") for body in bodies
    )
    assert first.data == second.data


def test_missing(user: FlaskClient) -> None:
    """A creating call without a key is 400."""
    response = send(user, key={})
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert "Idempotency-Key" in response.json["detail"]
    assert count(user) == 0


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 65, "a\tb", "\x7f"], ids=ascii)
def test_malformed(user: FlaskClient, key: str) -> None:
    """A key that is not 1 to 64 visible ASCII characters is 422, and the header is named."""
    response = send(user, key={"Idempotency-Key": key})
    assert response.status_code == 422
    assert [(error["part"], error["pointer"]) for error in response.json["errors"]] == [("header", "/Idempotency-Key")]
    assert count(user) == 0


@pytest.mark.parametrize("key", ["!", "~" * 64, '"quoted"'])
def test_well_formed(user: FlaskClient, key: str) -> None:
    """Any visible ASCII makes a key."""
    assert [send(user, key={"Idempotency-Key": key}).status_code for _ in range(2)] == [201, 201]
    assert count(user) == 1


def test_other_payload(user: FlaskClient) -> None:
    """The same key with another body is 422, names the header, and makes nothing."""
    send(user)
    response = send(user, {"name": "other"})
    assert response.status_code == 422
    assert response.json["errors"][0] == {
        "part": "header",
        "pointer": "/Idempotency-Key",
        "detail": "The key was used for another call",
    }
    assert count(user) == 1


def test_other_operation(user: FlaskClient) -> None:
    """A key belongs to one operation on one object."""
    path = send(user).headers["Location"]
    other = create(user).headers["Location"]
    assert user.post(f"{path}/logs", json={"message": "x"}, headers=KEY).status_code == 422
    line = new_key()
    assert user.post(f"{path}/logs", json={"message": "x"}, headers=line).status_code == 201
    assert user.post(f"{other}/logs", json={"message": "x"}, headers=line).status_code == 422


def test_users_do_not_share_keys(client: FlaskClient, auth: Auth) -> None:
    """Two users may have the same key; neither sees the other's answer."""
    auth.login("alice")
    assert send(client).json["owner"] == "alice"
    auth.login("bob")
    response = send(client)
    assert (response.json["owner"], "Idempotency-Replayed" in response.headers) == ("bob", False)


@pytest.mark.parametrize(
    ("body", "status"), [({"name": ""}, 422), ({"name": "x", "run_id": 7}, 409), ({"name": "x", "id": 1}, 422)]
)
def test_failure_leaves_no_record(user: FlaskClient, body: dict[str, Any], status: int) -> None:
    """A call that failed may be mended and sent again with its key."""
    create(user, run_id=7)
    assert status == send(user, body).status_code
    assert send(user).status_code == 201


def test_rolled_back_effect_leaves_no_record(user: FlaskClient, backend: Backend) -> None:
    """Effect and record are one transaction: what was not committed can be done again."""
    run(backend, "ALTER TABLE idempotency_records ADD CONSTRAINT none CHECK (false)")
    assert send(user).status_code == 500
    assert count(user) == 0
    run(backend, "ALTER TABLE idempotency_records DROP CONSTRAINT none")
    assert send(user).status_code == 201


def test_old_record_does_not_count(user: FlaskClient, backend: Backend) -> None:
    """After 24 hours a key is new again."""
    first = send(user)
    run(backend, "UPDATE idempotency_records SET created_at = now() - interval '24 hours 1 second'")
    second = send(user, {"name": "other"})
    assert (second.status_code, "Idempotency-Replayed" in second.headers) == (201, False)
    assert first.json["id"] != second.json["id"]
    assert second.data == send(user, {"name": "other"}).data


def test_old_records_go(user: FlaskClient, backend: Backend) -> None:
    """Each new record lets some old ones go; young ones stay."""
    for _ in range(3):
        create(user)
    run(backend, "UPDATE idempotency_records SET created_at = now() - interval '2 days'")
    create(user)
    assert run(backend, "SELECT count(*) FROM idempotency_records") == 1


def test_log_line_needs_no_key(user: FlaskClient) -> None:
    """Lines may come without a key, each a new one; with a key they come once."""
    logs = create(user).headers["Location"] + "/logs"
    for _ in range(2):
        assert user.post(logs, json={"message": "x"}).status_code == 201
    first, second = (user.post(logs, json={"message": "y"}, headers=KEY) for _ in range(2))
    assert first.data == second.data
    assert len(user.get(logs).json["items"]) == 3


def test_in_flight(user: FlaskClient, backend: Backend) -> None:
    """While another attempt is being answered, the call is 409; when that is given up, it may go on."""
    owner_id = run(backend, "SELECT id FROM admins WHERE username = 'alice'")
    name = f"idempotency:{owner_id}:my-key"
    with backend.database.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
        assert send(user).status_code == 409
        other.rollback()
    assert send(user).status_code == 201


def test_at_once(app: Flask, client: FlaskClient, auth: Auth) -> None:
    """Attempts that come at the same moment make exactly one pipeline, whatever each of them is answered."""
    token = auth.login("alice")
    attempts = 6
    together = Barrier(attempts)

    def attempt(_: int) -> int:
        own = app.test_client()
        own.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        together.wait(60)
        return send(own).status_code

    with ThreadPoolExecutor(attempts) as pool:
        statuses = set(pool.map(attempt, range(attempts)))
    assert 201 in statuses <= {201, 409}
    assert count(client) == 1
