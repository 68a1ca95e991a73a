"""Probes, and what happens while Postgres or Redis cannot be reached."""

import socket
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from harness.ports import LOOPBACK, free_port
from suites.integration.reference_app.conftest import PATIENCE_S, Auth, MakeApp

SHORT = {
    "postgres": {"database_connect_timeout_s": 2},
    "redis": {"redis_timeout_s": 0.5},
}
"""How long an application waits for the service that is down."""


@pytest.fixture(params=["refused", "silent"])
def dead_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield an address where nothing listens, and then one that accepts and never says a word."""
    if request.param == "refused":
        yield f"{LOOPBACK}:{free_port()}"
        return
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield f"{LOOPBACK}:{listener.getsockname()[1]}"


@pytest.fixture(params=["postgres", "redis"])
def down(request: pytest.FixtureRequest) -> str:
    """Name the service that is down."""
    return str(request.param)


@pytest.fixture
def broken(make_app: MakeApp, auth: Auth, dead_address: str, down: str) -> FlaskClient:
    """Return a client of an application that lost one service; a user logged in before that."""
    url = {"postgres": f"postgresql+psycopg://nobody@{dead_address}/none", "redis": f"redis://{dead_address}/0"}[down]
    field = {"postgres": "database_url", "redis": "redis_url"}[down]
    client = make_app(**{field: SecretStr(url)}, **SHORT[down]).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {auth.login('alice')}"
    return client


def test_all_well(client: FlaskClient) -> None:
    """With both services there, everything says so."""
    assert client.get("/livez").json == {"status": "alive"}
    well = {"status": "ok", "postgres": "up", "redis": "up"}
    assert (200, well) == (client.get("/readyz").status_code, client.get("/readyz").json)
    assert (200, well) == (client.get("/health").status_code, client.get("/health").json)


def test_alive_without_services(broken: FlaskClient) -> None:
    """The process is alive whatever it needs is not."""
    assert broken.get("/livez").status_code == 200


def test_not_ready(broken: FlaskClient, down: str) -> None:
    """Readiness is 503 and names the service that is down."""
    response = broken.get("/readyz")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert f"{down} is down" in response.json["detail"]
    assert response.headers["Retry-After"].isdecimal()


def test_health_names_it(broken: FlaskClient, down: str) -> None:
    """The summary is 200 and degraded."""
    response = broken.get("/health")
    assert (response.status_code, response.json["status"], response.json[down]) == (200, "degraded", "down")


@pytest.mark.parametrize("path", ["/api/pipelines", "/api/pipelines/1/logs"])
def test_request_while_down(broken: FlaskClient, path: str) -> None:
    """A request that needs the service is 503 with Retry-After, before any other patience ends."""
    started_s = time.monotonic()
    response = broken.get(path)
    assert time.monotonic() - started_s < PATIENCE_S
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert response.headers["Retry-After"].isdecimal()


def test_login_while_down(broken: FlaskClient) -> None:
    """A login is 503 and not 401: nobody may think that the password is wrong."""
    body = {"username": "alice", "password": "alice-has-a-password"}
    assert broken.post("/api/auth/login", json=body).status_code == 503


def test_metrics_while_down(broken: FlaskClient, down: str) -> None:
    """Metrics stay readable; only the count of pipelines goes with Postgres."""
    page = broken.get("/metrics").text
    assert ("pipelines_readable 0.0" in page) == (down == "postgres")
    assert ('pipelines{status="queued"}' in page) == (down == "redis")
