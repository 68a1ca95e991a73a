"""API tokens: told once, kept as a hash, used within their scopes until they expire or are revoked."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, update

from harness.ports import LOOPBACK, free_port
from reference_app.backend import Backend
from reference_app.models import Admin, ApiToken
from suites.integration.reference_app.audit_trail import audit_trail, last_event
from suites.integration.reference_app.calls import ANY_VERSION, create, new_key
from suites.integration.reference_app.conftest import Auth, MakeApp
from suites.integration.reference_app.statements import noted_statements

BODY = {"name": "nightly job", "scopes": ["pipelines:read"], "expires_in_days": 30}


def issue(client: FlaskClient, auth: Auth, name: str = "alice", **fields: Any) -> str:
    """Return the text of a new token of that user; nobody is logged in afterwards."""
    auth.login(name)
    token: str = client.post("/api/tokens", json=BODY | fields).json["token"]
    auth.forget()
    return token


def status(client: FlaskClient, token: str, path: str = "/api/pipelines", method: str = "GET", **body: Any) -> int:
    """Return what a request with this token is answered."""
    headers = {"Authorization": f"Bearer {token}", **ANY_VERSION, **new_key()}
    return client.open(path, method=method, headers=headers, json=body or None).status_code


def change(backend: Backend, **values: Any) -> None:
    """Set columns of all tokens."""
    with backend.database.transaction() as session:
        session.execute(update(ApiToken).values(**values))


def stored(backend: Backend) -> ApiToken:
    """Return the only token as it is stored."""
    with backend.database.transaction() as session:
        return session.scalars(select(ApiToken)).one()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Yield the SQL statements of this test, as they come."""
    with noted_statements() as statements:
        yield statements


def test_issued(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A new token is told once, with what it is for and when it expires."""
    auth.login("alice")
    response = client.post("/api/tokens", json=BODY)
    assert response.status_code == 201
    assert re.fullmatch(r"pgt_[A-Za-z0-9_-]{43}", response.json["token"])
    lifetime = datetime.fromisoformat(response.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < lifetime <= timedelta(days=30)
    (listed,) = client.get("/api/tokens").json["items"]
    assert listed == {name: value for name, value in response.json.items() if name != "token"}
    assert last_event(backend) == ("alice", "token.issued", "done", ("token", response.json["id"]))


def test_only_hash_at_rest(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """Neither the table nor the audit trail knows the token."""
    token = issue(client, auth)
    kept = str(vars(stored(backend))) + str([vars(entry) for entry in audit_trail(backend)])
    assert token.removeprefix("pgt_") not in kept
    assert len(stored(backend).token_hash) == 64


def test_other_key(client: FlaskClient, auth: Auth, make_app: MakeApp) -> None:
    """The hash is keyed: with another key the token is nothing."""
    token = issue(client, auth)
    app = make_app(secret_key=SecretStr("another key"))
    assert status(app.test_client(), token) == 401


def test_scopes(client: FlaskClient, auth: Auth) -> None:
    """A token does what its scopes say, and nothing else."""
    reader = issue(client, auth)
    writer = issue(client, auth, scopes=["pipelines:write"])
    assert (status(client, reader), status(client, reader, method="POST", name="x")) == (200, 403)
    assert (status(client, writer), status(client, writer, method="POST", name="x")) == (403, 201)


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/auth/sessions", "/api/tokens", "/api/users"])
def test_never_accounts(client: FlaskClient, auth: Auth, path: str) -> None:
    """What concerns accounts needs a session, whatever the token and its owner."""
    every = ["pipelines:read", "pipelines:write", "logs:write", "audit:read"]
    assert status(client, issue(client, auth, "admin", scopes=every), path) == 403


def test_role_of_now(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A token is as much as its owner is now."""
    token = issue(client, auth, "admin", scopes=["pipelines:write"])
    auth.login("alice")
    path = create(client, name="alice's").headers["Location"]
    assert status(client, token, path, "PATCH", name="changed") == 200
    with backend.database.transaction() as session:
        session.execute(update(Admin).where(Admin.username == "admin").values(role="member"))
    assert status(client, token, path, "PATCH", name="again") == 403


def test_expired(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """After its end a token is 401; its owner still sees it."""
    token = issue(client, auth)
    change(backend, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert status(client, token) == 401
    auth.login("alice")
    assert len(client.get("/api/tokens").json["items"]) == 1


def test_inactive_owner(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A token of a user who is not active is 401."""
    token = issue(client, auth)
    with backend.database.transaction() as session:
        session.execute(update(Admin).where(Admin.username == "alice").values(active=False))
    assert status(client, token) == 401


@pytest.mark.parametrize("name", ["alice", "admin"])
def test_revoked(client: FlaskClient, auth: Auth, backend: Backend, name: str) -> None:
    """The owner and admins revoke a token, which is dead at once."""
    token, identity = issue(client, auth), stored(backend).id
    auth.login(name)
    assert client.delete(f"/api/tokens/{identity}").status_code == 204
    assert last_event(backend) == (name, "token.revoked", "done", ("token", identity))
    assert status(client, token) == 401
    assert client.delete(f"/api/tokens/{identity}").status_code == 404


def test_others_token(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """Another member neither sees nor revokes a token."""
    token = issue(client, auth)
    auth.login("bob")
    assert client.get("/api/tokens").json["items"] == []
    assert client.delete(f"/api/tokens/{stored(backend).id}").status_code == 403
    assert status(client, token) == 200


def test_last_use(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """The last use is written at most once a minute."""
    token = issue(client, auth)
    assert stored(backend).last_used_at is None
    status(client, token)
    first = stored(backend).last_used_at
    assert first is not None
    status(client, token)
    assert stored(backend).last_used_at == first
    change(backend, last_used_at=first - timedelta(minutes=2))
    status(client, token)
    again = stored(backend).last_used_at
    assert again is not None
    assert again > first


def test_one_query(client: FlaskClient, auth: Auth, statements: list[str]) -> None:
    """Recognising a token is one statement, by its unique index."""
    token = issue(client, auth)
    status(client, token)
    statements.clear()
    assert status(client, token, "/api/nothing") == 404
    (statement,) = statements
    assert "WHERE api_tokens.token_hash =" in statement


@pytest.mark.parametrize("token", ["pgt_" + "A" * 43, "pgt_" + "A" * 42, "pgt_", "PGT_" + "A" * 43])
def test_no_token(client: FlaskClient, token: str) -> None:
    """What only looks like a token is 401 with a challenge."""
    response = client.get("/api/pipelines", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["pipelines:read"] * 2}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"expires_in_days": 0}, "/expires_in_days"),
        ({"expires_in_days": 366}, "/expires_in_days"),
        ({"expires_in_days": None}, "/expires_in_days"),
        ({"owner_id": 2}, "/owner_id"),
        ({"token_hash": "0" * 64}, "/token_hash"),
    ],
    ids=str,
)
def test_bad_token(client: FlaskClient, auth: Auth, fields: dict[str, Any], pointer: str) -> None:
    """A body that breaks a rule is 422 and names the place; nobody chooses the owner or the hash."""
    auth.login("alice")
    response = client.post("/api/tokens", json=BODY | fields)
    assert (response.status_code, [error["pointer"] for error in response.json["errors"]]) == (422, [pointer])


def test_fewer_days(make_app: MakeApp, auth: Auth) -> None:
    """An installation may allow shorter lives only."""
    app = make_app(token_longest_days=7)
    headers = {"Authorization": f"Bearer {auth.login('alice')}"}
    response = app.test_client().post("/api/tokens", json=BODY, headers=headers)
    assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, "/expires_in_days")


def test_pages(client: FlaskClient, auth: Auth) -> None:
    """The list is paged, newest first."""
    auth.login("alice")
    made = [client.post("/api/tokens", json=BODY).json["id"] for _ in range(3)]
    first = client.get("/api/tokens?limit=2").json
    second = client.get(f"/api/tokens?limit=2&cursor={first['next_cursor']}").json
    assert made[::-1] == [token["id"] for token in first["items"] + second["items"]]
    assert second["next_cursor"] is None


def test_without_redis(client: FlaskClient, auth: Auth, make_app: MakeApp) -> None:
    """While Redis is down a token goes on working; a session is 503 with Retry-After, and not 401."""
    token, session = issue(client, auth, scopes=["pipelines:read", "pipelines:write"]), auth.login("alice")
    nowhere = SecretStr(f"redis://{LOOPBACK}:{free_port()}/0")
    broken = make_app(redis_url=nowhere).test_client()
    assert (status(broken, token), status(broken, token, method="POST", name="x")) == (200, 201)
    response = broken.get("/api/auth/me", headers={"Authorization": f"Bearer {session}"})
    assert (response.status_code, response.headers["Retry-After"].isdecimal()) == (503, True)
