"""Deployment logs of a pipeline."""

import pytest
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import create
from suites.integration.reference_app.conftest import Auth


@pytest.fixture
def logs(client: FlaskClient, auth: Auth) -> str:
    """Return the path of the logs of a pipeline of alice's, who is logged in."""
    auth.login("alice")
    return create(client).headers["Location"] + "/logs"


def test_append(client: FlaskClient, logs: str) -> None:
    """A line gets its time and comes back as sent."""
    response = client.post(logs, json={"level": "error", "message": "It broke.\n\tHere. ✗"})
    assert response.status_code == 201
    assert logs == response.headers["Location"]
    assert (response.json["level"], response.json["message"]) == ("error", "It broke.\n\tHere. ✗")
    assert [response.json] == client.get(logs).json["items"]


def test_default_level(client: FlaskClient, logs: str) -> None:
    """A line without a level is information."""
    assert client.post(logs, json={"message": "hello"}).json["level"] == "info"


def test_pages(client: FlaskClient, logs: str) -> None:
    """Lines come oldest first, and a cursor goes on where the page ended, also with lines added since."""
    for number in range(3):
        client.post(logs, json={"message": f"line {number}"})
    first = client.get(f"{logs}?limit=2").json
    client.post(logs, json={"message": "line 3"})
    second = client.get(f"{logs}?limit=2&cursor={first['next_cursor']}").json
    assert [f"line {number}" for number in range(4)] == [line["message"] for line in first["items"] + second["items"]]
    assert second["next_cursor"] is None


def test_level_filter(client: FlaskClient, logs: str) -> None:
    """Only lines of the level that was asked for."""
    for level in ("debug", "error", "info", "error"):
        client.post(logs, json={"level": level, "message": level})
    assert [line["message"] for line in client.get(f"{logs}?level=error").json["items"]] == ["error", "error"]


def test_own_lines_only(client: FlaskClient, logs: str) -> None:
    """A pipeline shows no other pipeline's lines."""
    client.post(logs, json={"message": "hello"})
    other = create(client).headers["Location"]
    assert client.get(f"{other}/logs").json["items"] == []


@pytest.mark.usefixtures("logs")
def test_no_pipeline(client: FlaskClient) -> None:
    """Without the pipeline there is no log: 404 for reading and writing."""
    assert client.get("/api/pipelines/999/logs").status_code == 404
    assert client.post("/api/pipelines/999/logs", json={"message": "x"}).status_code == 404
