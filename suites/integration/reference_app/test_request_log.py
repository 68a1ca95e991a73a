"""What the application logs: one line for each request, its id everywhere, and never a secret."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from reference_app.backend import Backend
from reference_app.models import Admin, Role
from suites.integration.reference_app.conftest import Auth, MakeApp

HASH = "hash-of-" + "a-secret"
BROWSER_ID = "trace-1234"
Log = Callable[[], str]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    """Return what reads the log since it was last read."""
    return lambda: capsys.readouterr().err


def lines(log: Log) -> list[dict[str, Any]]:
    """Return what the lines of the log say since it was last read."""
    return [json.loads(line) for line in log().splitlines()]


@pytest.fixture
def break_at(app: Flask, backend: Backend) -> Callable[[str], None]:
    """Return what adds a view with a defect to the application."""

    def unexpected() -> str:
        value = "local-variable"  # what a traceback with local variables would show
        raise RuntimeError(f"went wrong\nwith {len(value)}")

    def refused_by_postgres() -> str:
        with backend.database.transaction() as session:
            session.add(Admin(username="Not A Name", password_hash=HASH, role=Role.MEMBER))
        return ""

    return lambda path: app.add_url_rule(path, view_func={"/defect": unexpected, "/row": refused_by_postgres}[path])


def test_one_line(log: Log, client: FlaskClient, auth: Auth) -> None:
    """A request is one line with who, what, which route, what came of it and how long it took."""
    auth.login("alice")
    log()
    client.get("/api/pipelines/7?x=1", headers={"X-Request-ID": BROWSER_ID})
    (line,) = lines(log)
    assert isinstance(line.pop("duration_ms"), float)
    assert line.pop("timestamp").endswith("Z")
    assert isinstance(line.pop("user_id"), int)
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "reference_app.requests",
        "request_id": BROWSER_ID,
        "method": "GET",
        "route": "/api/pipelines/<pipeline_id>",
        "path": "/api/pipelines/7",
        "status": 422,
    }


def test_without_user_and_route(log: Log, client: FlaskClient) -> None:
    """A request of nobody to nowhere has a line too."""
    client.get("/nothing")
    (line,) = lines(log)
    assert (line["user_id"], line["route"], line["status"]) == (None, None, 404)


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1234", True), ("short", False), ("x" * 65, False), ('", "level": "x', False)]
)
def test_request_id(log: Log, client: FlaskClient, given: str, *, kept: bool) -> None:
    """A well-formed id is kept, any other replaced; header, problem and log tell the same one."""
    response = client.get("/nothing", headers={"X-Request-ID": given})
    assert kept == (given == response.headers["X-Request-ID"])
    assert response.headers["X-Request-ID"] == response.json["request_id"] == lines(log)[-1]["request_id"]


def test_unexpected_error(log: Log, client: FlaskClient, break_at: Callable[[str], None]) -> None:
    """A defect is a line of its own with the traceback and the id that the client got; local variables stay out."""
    break_at("/defect")
    response = client.get("/defect")
    error, request = lines(log)
    assert (error["level"], error["event"], error["request_id"]) == (
        "error",
        "unexpected_error",
        response.json["request_id"],
    )
    assert "in unexpected" in error["exception"]
    assert "local-variable" not in response.text + error["exception"]
    assert request["status"] == 500


def test_libraries(log: Log, client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """What a library logs for a request has the id of that request, below Flask too."""
    auth.login("alice")
    library = logging.getLogger("any.library")
    event.listen(backend.database.autocommit_engine, "checkout", lambda *_: library.warning("took its time"))
    log()
    client.get("/api/pipelines/7", headers={"X-Request-ID": BROWSER_ID})
    assert [(line["event"], line["request_id"]) for line in lines(log)] == [
        ("took its time", BROWSER_ID),
        ("request", BROWSER_ID),
    ]


def test_no_rows(log: Log, client: FlaskClient, break_at: Callable[[str], None]) -> None:
    """What Postgres says about a refused row is logged without the row, and without the statement's parameters."""
    break_at("/row")
    assert client.get("/row").status_code == 500
    written = log()
    assert "ck_admins_username_form" in written
    assert HASH not in written
    assert "Not A Name" not in written


@pytest.mark.parametrize("structured", [True, False])
def test_no_secrets(make_app: MakeApp, auth: Auth, log: Log, *, structured: bool) -> None:
    """Neither passwords nor tokens reach the log, in either format, whatever becomes of the request."""
    app = make_app(use_structured_logging=structured, log_level="debug")
    app.add_url_rule("/defect", view_func=lambda: 1 // 0)
    client = app.test_client()
    token = auth.login("alice")
    secrets = (token, "wrong-password", "alice-has-a-password", "cookie-secret", "query-secret")
    headers = {"Authorization": f"Bearer {token}", "Cookie": "session=cookie-secret"}
    for password in ("wrong-password", "alice-has-a-password"):
        client.post("/api/auth/login", json={"username": "alice", "password": password}, headers=headers)
        client.post("/api/auth/login", json={"username": password, "password": [password]}, headers=headers)
    for path in ("/api/auth/me", "/defect", "/nothing", "/api/pipelines?cursor=query-secret"):
        client.get(path, headers=headers)
        client.get(path, headers=headers | {"Authorization": f"Basic {token}"})
    written = log()
    assert "/api/auth/me" in written
    assert "ZeroDivisionError" in written
    assert [secret for secret in secrets if secret in written] == []


@pytest.fixture
def for_people(make_app: MakeApp) -> Flask:
    """Return an application that logs for people."""
    return make_app(use_structured_logging=False)


def test_for_people(for_people: Flask, log: Log) -> None:
    """USE_STRUCTURED_LOGGING=false gives lines to be read by people."""
    for_people.test_client().get("/livez", headers={"X-Request-ID": BROWSER_ID})
    (line,) = log().splitlines()
    assert "[info" in line
    assert [word for word in ("request", "/livez", "status=200", BROWSER_ID) if word not in line] == []


FORGED = "/%0A2026-01-01T00:00:00Z [info     ] forged%0D%1B[2J%E2%80%A8%C2%85"


def test_forged_lines(client: FlaskClient, log: Log) -> None:
    """A path with line ends and escape sequences stays one line of JSON."""
    client.get(FORGED)
    written = log()
    assert len(written.splitlines()) == 1
    assert written.isascii()


def test_forged_lines_for_people(for_people: Flask, log: Log) -> None:
    """A path, or an error's text, can neither begin a line of its own nor steer the terminal."""

    def fail() -> str:
        raise RuntimeError("a\n2026-01-01T00:00:00Z [info     ] forged\x1b[2J")

    for_people.add_url_rule("/defect", view_func=fail)
    client = for_people.test_client()
    client.get(FORGED)
    client.get("/defect")
    written = log().splitlines()
    assert [line for line in written if line.startswith("2026-01-01")] == []
    assert [character for character in "".join(written) if not character.isprintable()] == []


def test_log_level(make_app: MakeApp, log: Log) -> None:
    """LOG_LEVEL=warning leaves the requests' lines out."""
    make_app(log_level="warning").test_client().get("/livez")
    assert log() == ""
