"""Every route of pipelines, logs, audit and webhooks, asked by everybody: the table says what each is answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from harness.wait import wait_for
from reference_app import create_app
from reference_app.api.authentication import EXTENSION
from reference_app.settings import Settings
from suites.integration.reference_app.calls import ANY_VERSION, create, new_key
from suites.integration.reference_app.conftest import Auth

WHO = ("owner", "other", "admin", "anonymous", "expired")
LOGINS = {"owner": "alice", "other": "bob", "admin": "admin"}
ENDPOINTS = ("pipelines.", "logs.", "audit.", "webhooks.")


@dataclass(frozen=True)
class Route:
    """A request to a pipeline of alice's or beside it, and the statuses for `WHO`, in that order."""

    endpoint: str
    method: str
    path: str
    statuses: tuple[int, int, int, int, int]
    json: dict[str, Any] | None = None
    headers: dict[str, str] | None = None


ROUTES = [
    Route("pipelines.list_pipelines", "GET", "/api/pipelines", (200, 200, 200, 401, 401)),
    Route(
        "pipelines.create_pipeline",
        "POST",
        "/api/pipelines",
        (201, 201, 201, 401, 401),
        {"name": "new"},
        new_key(),
    ),
    Route("pipelines.read_pipeline", "GET", "/api/pipelines/{id}", (200, 200, 200, 401, 401)),
    Route(
        "pipelines.update_pipeline",
        "PATCH",
        "/api/pipelines/{id}",
        (200, 403, 200, 401, 401),
        {"name": "changed"},
        ANY_VERSION,
    ),
    Route("pipelines.delete_pipeline", "DELETE", "/api/pipelines/{id}", (204, 403, 204, 401, 401)),
    Route("logs.list_log_lines", "GET", "/api/pipelines/{id}/logs", (200, 200, 200, 401, 401)),
    Route(
        "logs.append_log_line",
        "POST",
        "/api/pipelines/{id}/logs",
        (201, 403, 201, 401, 401),
        {"message": "line"},
    ),
    Route("logs.stream_log_lines", "GET", "/api/pipelines/{id}/logs/stream", (200, 200, 200, 401, 401)),
    Route("audit.list_audit_events", "GET", "/api/audit", (403, 403, 200, 401, 401)),
    Route("audit.stream_audit_events", "GET", "/api/audit/stream", (403, 403, 200, 401, 401)),
    # No user may speak for GitHub.
    Route("webhooks.receive_github_delivery", "POST", "/api/webhooks/github", (401, 401, 401, 401, 401), {}),
]
CASES = [
    pytest.param(route, who, status, id=f"{route.endpoint}-{who}")
    for route in ROUTES
    for who, status in zip(WHO, route.statuses, strict=True)
]


@pytest.fixture
def expired_token(settings: Settings) -> Iterator[str]:
    """Yield a token of admin's whose session has ended."""
    app = create_app(settings.model_copy(update={"session_absolute_s": 1}))
    client = app.test_client()
    token = Auth(client).login("admin")
    wait_for(lambda: client.get("/api/auth/me").status_code == 401, what="the end of the session", timeout_s=20)
    yield token
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize(("route", "who", "status"), CASES)
def test_access(
    client: FlaskClient, auth: Auth, request: pytest.FixtureRequest, route: Route, who: str, status: int
) -> None:
    """Each is answered what the table says, and what was refused has no effect."""
    auth.login("alice")
    pipeline = create(client).headers["Location"]
    if who in LOGINS:
        auth.login(LOGINS[who])
    elif who == "expired":
        auth.use(request.getfixturevalue("expired_token"))
    else:
        auth.forget()
    path = route.path.format(id=pipeline.rpartition("/")[2])
    response = client.open(path, method=route.method, json=route.json, headers=route.headers)
    assert status == response.status_code
    response.close()
    if status >= 400:
        auth.login("alice")
        assert client.get(pipeline).headers["ETag"] == '"1"'
        assert client.get(f"{pipeline}/logs").json["items"] == []
        assert len(client.get("/api/pipelines").json["items"]) == 1


def test_table_is_complete(app: Flask) -> None:
    """The table has every route of these topics."""
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith(ENDPOINTS)
    }
    assert routes == {(route.endpoint, route.method) for route in ROUTES}
