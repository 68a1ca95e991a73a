"""Pipelines: create, read, change, delete."""

import pytest
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth

FULL = {
    "name": "Nightly build",
    "description": "Builds everything.\nAt night. ☾",
    "branch": "release/1.0",
    "commit_sha": "0123456789abcdef0123456789abcdef01234567",
    "commit_message": "Fix the build",
    "workflow_name": "build",
    "run_id": 2**53 - 1,
    "run_number": 2**31 - 1,
}


def test_create_and_read(client: FlaskClient, auth: Auth) -> None:
    """What was sent comes back, with its owner, queued, from where Location points."""
    auth.login("alice")
    response = create(client, **FULL)
    assert response.status_code == 201
    assert {name: response.json[name] for name in FULL} == FULL
    assert tuple(response.json[name] for name in ("owner", "status", "started_at", "completed_at", "duration_s")) == (
        "alice",
        "queued",
        None,
        None,
        None,
    )
    assert response.json == client.get(response.headers["Location"]).json


def test_location_below_a_mount_point(client: FlaskClient, auth: Auth) -> None:
    """Where the application is mounted below a path, Location begins with that path."""
    auth.login("alice")
    body, key = {"name": "Nightly build"}, {"Idempotency-Key": "mounted-below"}
    response = client.post("/api/pipelines", json=body, headers=key, base_url="http://localhost/monitor")
    assert response.headers["Location"] == f"/monitor/api/pipelines/{response.json['id']}"


def test_one_text(client: FlaskClient, auth: Auth) -> None:
    """A change is answered with the very text that reading gives then: in the shape of the document, written alike."""
    auth.login("alice")
    path = create(client, **FULL).headers["Location"]
    for status in ("running", "success"):
        changed = change(client, path, status=status)
        read = client.get(path)
        listed = client.get("/api/pipelines")
        assert changed.text == read.text
        assert listed.text == f'{{"items":[{read.text}],"next_cursor":null}}'


def test_defaults(client: FlaskClient, auth: Auth) -> None:
    """Only the name is needed; the branch is main then."""
    auth.login("alice")
    created = create(client).json
    assert (created["branch"], created["description"], created["run_id"]) == ("main", None, None)


def test_run_id_is_taken(client: FlaskClient, auth: Auth) -> None:
    """No two pipelines share a run_id."""
    auth.login("alice")
    assert create(client, run_id=7).status_code == 201
    response = create(client, run_id=7)
    assert response.status_code == 409
    assert response.json["detail"] == "A pipeline with run_id 7 exists already."
    assert len(client.get("/api/pipelines").json["items"]) == 1


def test_change(client: FlaskClient, auth: Auth) -> None:
    """A change touches what it names and nothing else, and null empties what may be empty."""
    auth.login("alice")
    before = create(client, **FULL).json
    after = change(client, f"/api/pipelines/{before['id']}", name="Daily build", description=None).json
    assert before | {"name": "Daily build", "description": None, "updated_at": after["updated_at"]} == after
    assert before["updated_at"] < after["updated_at"]
    assert after == client.get(f"/api/pipelines/{before['id']}").json


def test_empty_change(client: FlaskClient, auth: Auth) -> None:
    """A change of nothing changes nothing."""
    auth.login("alice")
    before = create(client).json
    assert before == change(client, f"/api/pipelines/{before['id']}").json


@pytest.mark.parametrize("final", ["success", "failed"])
def test_a_life(client: FlaskClient, auth: Auth, final: str) -> None:
    """Running sets the start, the end sets its time and the duration between the two."""
    auth.login("alice")
    path = create(client).headers["Location"]
    running = change(client, path, status="running").json
    assert running["started_at"] is not None
    assert (running["completed_at"], running["duration_s"]) == (None, None)
    done = change(client, path, status=final).json
    assert running["started_at"] == done["started_at"] <= done["completed_at"]
    assert done["duration_s"] >= 0


def test_cancelled(client: FlaskClient, auth: Auth) -> None:
    """A queued pipeline may fail without having run: it has an end and no duration."""
    auth.login("alice")
    failed = change(client, create(client).headers["Location"], status="failed").json
    assert failed["completed_at"] is not None
    assert (failed["started_at"], failed["duration_s"]) == (None, None)


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([], "success"),
        (["running"], "queued"),
        (["running", "success"], "failed"),
        (["failed"], "running"),
    ],
)
def test_wrong_order(client: FlaskClient, auth: Auth, steps: list[str], refused: str) -> None:
    """A status that may not follow is 409, and nothing of that change happens."""
    auth.login("alice")
    path = create(client).headers["Location"]
    for status in steps:
        assert change(client, path, status=status).status_code == 200
    before = client.get(path).json
    assert change(client, path, name="lost", status=refused).status_code == 409
    assert before == client.get(path).json


def test_same_status(client: FlaskClient, auth: Auth) -> None:
    """Telling the present status again changes no time."""
    auth.login("alice")
    path = create(client).headers["Location"]
    started_at = change(client, path, status="running").json["started_at"]
    assert started_at == change(client, path, status="running").json["started_at"]


def test_delete(client: FlaskClient, auth: Auth) -> None:
    """A deleted pipeline is gone, its logs with it, and cannot be deleted again."""
    auth.login("alice")
    path = create(client).headers["Location"]
    client.post(f"{path}/logs", json={"message": "hello"})
    response = client.delete(path)
    assert (response.status_code, response.data) == (204, b"")
    assert [
        client.get(path).status_code,
        client.get(f"{path}/logs").status_code,
        client.delete(path).status_code,
    ] == [404, 404, 404]
