"""Who may do what with accounts, sessions, tokens and registrations: a row for each route, a column for each user."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from reference_app.backend import Backend
from reference_app.models import ApiToken
from suites.integration.reference_app.conftest import Auth, password_of

BLUEPRINTS = {"login", "session", "second_factor", "tokens", "registrations", "users"}
ACTORS = ("owner", "other", "admin", "anonymous", "expired")
NAMES = {"owner": "alice", "other": "bob", "admin": "admin"}
NEW_TOKEN = {
    "name": "job",
    "scopes": ["pipelines:read", "pipelines:write", "logs:write", "audit:read"],
    "expires_in_days": 1,
}
CAROL = {"username": "carol", "password": "carols-pass-phrase"}


EXPECTED = {
    # objects are alice's, the owner's                       owner other admin anonymous expired
    "POST /api/auth/login":                                  (200, 200, 200, 200, 200),
    "POST /api/auth/logout":                                 (204, 204, 204, 401, 401),
    "GET /api/auth/me":                                      (200, 200, 200, 401, 401),
    "GET /api/auth/sessions":                                (200, 200, 200, 401, 401),
    "DELETE /api/auth/sessions":                             (204, 204, 204, 401, 401),
    "DELETE /api/auth/sessions/<session_id>":                (204, 404, 404, 401, 401),
    "PUT /api/auth/password":                                (204, 403, 403, 401, 401),
    "POST /api/auth/totp":                                   (200, 200, 200, 401, 401),
    "POST /api/auth/totp/confirmation":                      (409, 409, 409, 401, 401),
    "POST /api/auth/totp/removal":                           (409, 409, 409, 401, 401),
    "GET /api/tokens":                                       (200, 200, 200, 401, 401),
    "POST /api/tokens":                                      (201, 201, 201, 401, 401),
    "DELETE /api/tokens/<token_id>":                         (204, 403, 204, 401, 401),
    "POST /api/registrations":                               (202, 202, 202, 202, 202),
    "GET /api/registrations":                                (403, 403, 200, 401, 401),
    "POST /api/registrations/<registration_id>/approval":    (403, 403, 201, 401, 401),
    "POST /api/registrations/<registration_id>/rejection":   (403, 403, 200, 401, 401),
    "GET /api/users":                                        (403, 403, 200, 401, 401),
    "GET /api/users/<user_id>":                              (403, 403, 200, 401, 401),
    "PATCH /api/users/<user_id>":                            (403, 403, 200, 401, 401),
    "GET /api/users/<user_id>/sessions":                     (403, 403, 200, 401, 401),
    "DELETE /api/users/<user_id>/sessions":                  (403, 403, 204, 401, 401),
}  # fmt: skip
BODIES = {
    "POST /api/auth/login": {"username": "alice", "password": password_of("alice")},
    "PUT /api/auth/password": {"current_password": password_of("alice"), "new_password": "a new pass phrase"},
    "POST /api/auth/totp/confirmation": {"code": "000000"},
    "POST /api/auth/totp/removal": {"code": "000000"},
    "POST /api/tokens": NEW_TOKEN,
    "POST /api/registrations": {"username": "dave", "password": "daves-pass-phrase"},
    "POST /api/registrations/<registration_id>/approval": {"role": "member"},
    "PATCH /api/users/<user_id>": {"active": False},
}


@pytest.fixture
def objects(client: FlaskClient, auth: Auth, backend: Backend) -> dict[str, str]:
    """Return what the routes name: things of alice's, a request of carol's, and an admin's token that has expired."""
    client.post("/api/registrations", json=CAROL)
    auth.login("admin")
    expired = client.post("/api/tokens", json=NEW_TOKEN).json["token"]
    with backend.database.transaction() as session:
        session.execute(update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    auth.login("alice")
    token_id = client.post("/api/tokens", json=NEW_TOKEN).json["id"]
    me = client.get("/api/auth/me").json["user"]["id"]
    session_id = client.get("/api/auth/sessions").json["current_id"]
    auth.forget()
    return {
        "<session_id>": session_id,
        "<token_id>": str(token_id),
        "<registration_id>": "1",
        "<user_id>": str(me),
        "expired": expired,
    }


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", EXPECTED)
def test_access(client: FlaskClient, auth: Auth, objects: dict[str, str], route: str, actor: str) -> None:
    """Each kind of user is answered as the table says."""
    if actor in NAMES:
        auth.login(NAMES[actor])
    elif actor == "expired":
        auth.use(objects["expired"])
    method, path = re.sub(r"<\w+>", lambda name: objects[name[0]], route).split()
    answer = client.open(path, method=method, json=BODIES.get(route))
    assert EXPECTED[route][ACTORS.index(actor)] == answer.status_code


def test_every_route_has_a_row(app: Flask) -> None:
    """No route of these topics is missing in the table."""
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in BLUEPRINTS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(EXPECTED)
