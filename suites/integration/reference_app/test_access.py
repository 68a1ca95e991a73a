"""Who may do what: a row for each route, a column for each kind of user."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from reference_app.backend import Backend
from reference_app.models import ApiToken
from reference_app.models.base import Base
from reference_app.repositories.session import SessionRepository
from reference_app.services.clock import utc_now
from reference_app.services.principal import Origin
from reference_app.services.sessions import SessionStore
from suites.integration.reference_app.calls import ANY_VERSION, create, new_key
from suites.integration.reference_app.conftest import Auth, password_of

USERS = {"owner": "alice", "other": "bob", "admin": "admin"}
ACTORS = (*USERS, "anonymous", "expired session", "expired token")
EXPECTED = {
    # objects are alice's, the owner's                      owner other admin anonymous expired
    "POST /api/auth/login":                                 (200, 200, 200, 200, 200),
    "POST /api/auth/logout":                                (204, 204, 204, 401, 401),
    "GET /api/auth/me":                                     (200, 200, 200, 401, 401),
    "GET /api/auth/sessions":                               (200, 200, 200, 401, 401),
    "DELETE /api/auth/sessions":                            (204, 204, 204, 401, 401),
    "DELETE /api/auth/sessions/<session_id>":               (204, 404, 404, 401, 401),
    "PUT /api/auth/password":                               (204, 403, 403, 401, 401),
    "POST /api/auth/totp":                                  (200, 200, 200, 401, 401),
    "POST /api/auth/totp/confirmation":                     (409, 409, 409, 401, 401),
    "POST /api/auth/totp/removal":                          (409, 409, 409, 401, 401),
    "GET /api/tokens":                                      (200, 200, 200, 401, 401),
    "POST /api/tokens":                                     (201, 201, 201, 401, 401),
    "DELETE /api/tokens/<token_id>":                        (204, 403, 204, 401, 401),
    "POST /api/registrations":                              (202, 202, 202, 202, 202),
    "GET /api/registrations":                               (403, 403, 200, 401, 401),
    "POST /api/registrations/<registration_id>/approval":   (403, 403, 201, 401, 401),
    "POST /api/registrations/<registration_id>/rejection":  (403, 403, 200, 401, 401),
    "GET /api/users":                                       (403, 403, 200, 401, 401),
    "GET /api/users/<user_id>":                             (403, 403, 200, 401, 401),
    "PATCH /api/users/<user_id>":                           (403, 403, 200, 401, 401),
    "GET /api/users/<user_id>/sessions":                    (403, 403, 200, 401, 401),
    "DELETE /api/users/<user_id>/sessions":                 (403, 403, 204, 401, 401),
    "GET /api/pipelines":                                   (200, 200, 200, 401, 401),
    "POST /api/pipelines":                                  (201, 201, 201, 401, 401),
    "GET /api/pipelines/statistics":                        (200, 200, 200, 401, 401),
    "GET /api/pipelines/<pipeline_id>":                     (200, 200, 200, 401, 401),
    "PATCH /api/pipelines/<pipeline_id>":                   (200, 403, 200, 401, 401),
    "DELETE /api/pipelines/<pipeline_id>":                  (204, 403, 204, 401, 401),
    "GET /api/pipelines/<pipeline_id>/logs":                (200, 200, 200, 401, 401),
    "POST /api/pipelines/<pipeline_id>/logs":               (201, 403, 201, 401, 401),
    "GET /api/pipelines/<pipeline_id>/logs/stream":         (200, 200, 200, 401, 401),
    "GET /api/audit":                                       (403, 403, 200, 401, 401),
    "GET /api/audit/stream":                                (403, 403, 200, 401, 401),
    # a signature lets GitHub in; no user may speak for it
    "POST /api/webhooks/github":                            (401, 401, 401, 401, 401),
}  # fmt: skip
OPEN = {
    "GET /livez": "an orchestrator has no account",
    "GET /readyz": "the same",
    "GET /health": "the same",
    "GET /metrics": "Prometheus has no account; who reaches it, the network decides",
    "GET /api/openapi.json": "it holds what the sources say, and no data",
    "GET /api/docs": "the same",
    "GET /api/docs/": "the same",
    "GET /api/docs/start.js": "the same",
    "GET /api/docs/swagger/<path:name>": "the same",
}
NEW_TOKEN = {
    "name": "job",
    "scopes": ["pipelines:read", "pipelines:write", "logs:write", "audit:read"],
    "expires_in_days": 1,
}
CAROL = {"username": "carol", "password": password_of("carol")}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/auth/login": {"username": "alice", "password": password_of("alice")},
    "PUT /api/auth/password": {"current_password": password_of("alice"), "new_password": password_of("somebody")},
    "POST /api/auth/totp/confirmation": {"code": "000000"},
    "POST /api/auth/totp/removal": {"code": "000000"},
    "POST /api/tokens": NEW_TOKEN,
    "POST /api/registrations": {"username": "dave", "password": password_of("dave")},
    "POST /api/registrations/<registration_id>/approval": {"role": "member"},
    "PATCH /api/users/<user_id>": {"active": False},
    "POST /api/pipelines": {"name": "another"},
    "PATCH /api/pipelines/<pipeline_id>": {"name": "changed"},
    "POST /api/pipelines/<pipeline_id>/logs": {"message": "line"},
    "POST /api/webhooks/github": {},
}


@pytest.fixture
def expired(client: FlaskClient, auth: Auth, backend: Backend) -> dict[str, str]:
    """Return what let the admin in until it expired: a session, and an API token for everything."""
    auth.login("admin")
    token = client.post("/api/tokens", json=NEW_TOKEN).json["token"]
    auth.forget()
    with backend.database.transaction() as session:
        session.execute(update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    hour = timedelta(hours=1)
    yesterday = SessionStore(
        SessionRepository(backend.redis, idle=hour), backend.shared.key, hour, lambda: utc_now() - timedelta(days=1)
    )
    with backend.work() as work:
        admin = work.accounts.find("admin")
        assert admin is not None
        return {"expired session": yesterday.start(admin, Origin(), "").token, "expired token": token}


def register_carol(client: FlaskClient) -> str:
    """Ask for an account, and return the request's id."""
    client.post("/api/registrations", json=CAROL)
    return "1"


OBJECTS: dict[str, Callable[[FlaskClient], str]] = {
    "<session_id>": lambda alice: str(alice.get("/api/auth/sessions").json["current_id"]),
    "<token_id>": lambda alice: str(alice.post("/api/tokens", json=NEW_TOKEN).json["id"]),
    "<registration_id>": register_carol,
    "<user_id>": lambda alice: str(alice.get("/api/auth/me").json["user"]["id"]),
    "<pipeline_id>": lambda alice: create(alice).headers["Location"].rpartition("/")[2],
}
"""What the routes name: things of alice's, and a request of carol's; each is made where a route names it."""


@pytest.fixture
def method_and_path(client: FlaskClient, auth: Auth, route: str) -> tuple[str, str]:
    """Return the route with its objects' ids."""
    auth.login("alice")
    method, path = re.sub(r"<\w+>", lambda name: OBJECTS[name[0]](client), route).split()
    auth.forget()
    return method, path


def stored(backend: Backend) -> list[Any]:
    """Return everything in Postgres but the audit trail, where denials are recorded."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "audit_events"]
    with backend.database.transaction() as session:
        return [session.execute(select(table).order_by(*table.primary_key)).all() for table in tables]


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", EXPECTED)
def test_access(
    client: FlaskClient,
    auth: Auth,
    backend: Backend,
    method_and_path: tuple[str, str],
    request: pytest.FixtureRequest,
    route: str,
    actor: str,
) -> None:
    """Each kind of user is answered as the table says, and what is refused changes nothing."""
    expected = EXPECTED[route][min(ACTORS.index(actor), 4)]
    method, path = method_and_path
    if actor in USERS:
        auth.login(USERS[actor])
    elif actor != "anonymous":
        auth.use(request.getfixturevalue("expired")[actor])
    before = stored(backend) if expected >= 400 else []
    with client.open(path, method=method, json=BODIES.get(route), headers=ANY_VERSION | new_key()) as answer:
        assert answer.status_code == expected
    assert expected < 400 or before == stored(backend)


def test_every_route_has_a_row(app: Flask) -> None:
    """No route is without a row, or a reason why everybody may."""
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert not EXPECTED.keys() & OPEN.keys()
    assert routes == EXPECTED.keys() | OPEN.keys()
