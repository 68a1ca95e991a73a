"""Login, logout and the end of sessions."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import update

from reference_app.backend import Backend
from reference_app.models import Admin
from suites.integration.reference_app.audit_trail import audit_trail, last_event
from suites.integration.reference_app.conftest import Auth, MakeApp, password_of


@pytest.mark.usefixtures("auth")
def test_login(client: FlaskClient) -> None:
    """The right password gives a token of 256 bits, the user, and the moment when it ends."""
    response = client.post("/api/auth/login", json={"username": "alice", "password": password_of("alice")})
    assert response.status_code == 200
    assert len(response.json["token"]) == 43
    assert (response.json["user"]["username"], response.json["user"]["role"]) == ("alice", "member")
    lifetime = datetime.fromisoformat(response.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=7, minutes=59) < lifetime <= timedelta(hours=8)


@pytest.mark.usefixtures("auth")
@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_wrong_credentials(client: FlaskClient, username: str) -> None:
    """A wrong password and an unknown user get the same answer."""
    response = client.post("/api/auth/login", json={"username": username, "password": "wrong"})
    assert response.status_code == 401
    assert response.json["detail"] == "The username or the password is wrong."
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("auth")
def test_inactive_user(client: FlaskClient, backend: Backend) -> None:
    """A user who is not active cannot log in, and is not told why."""
    with backend.database.transaction() as session:
        session.execute(update(Admin).where(Admin.username == "alice").values(active=False))
    response = client.post("/api/auth/login", json={"username": "alice", "password": password_of("alice")})
    assert response.status_code == 401
    assert response.json["detail"] == "The username or the password is wrong."


def test_me(client: FlaskClient, auth: Auth) -> None:
    """A session knows its user."""
    auth.login("bob")
    response = client.get("/api/auth/me")
    assert response.status_code == 200
    assert response.json["user"]["username"] == "bob"


def test_every_login_is_new(auth: Auth) -> None:
    """Two logins of one user are two sessions."""
    assert auth.login("alice") != auth.login("alice")


def test_logout(client: FlaskClient, auth: Auth) -> None:
    """After logout the token is dead, and other sessions of the user are not."""
    other = auth.login("alice")
    ended = auth.login("alice")
    auth.logout()
    auth.use(ended)
    assert client.get("/api/auth/me").status_code == 401
    auth.use(other)
    assert client.get("/api/auth/me").status_code == 200


def test_token_is_not_stored(auth: Auth, redis: Redis) -> None:
    """Neither the token nor anything that could be sent in its place is in Redis."""
    token = auth.login("alice")
    (key,) = redis.keys("session:*")
    assert token not in "".join(redis.keys()) + redis.get(key)
    assert len("session:") + 64 == len(key)


def test_of_another_version(client: FlaskClient, auth: Auth, redis: Redis) -> None:
    """A session that a version with other fields has stored is over, and in no list: 401, and no error of ours."""
    auth.login("alice")
    (key,) = redis.keys("session:*")
    redis.set(key, '{"user": "alice"}', keepttl=True)
    assert client.get("/api/auth/me").status_code == 401
    auth.login("alice")
    assert len(client.get("/api/auth/sessions").json["items"]) == 1


def test_dead_in_every_process(client: FlaskClient, auth: Auth, make_app: MakeApp) -> None:
    """After logout another process that served the session refuses it at once."""
    token = auth.login("alice")
    other = make_app()
    headers = {"Authorization": f"Bearer {token}"}
    assert other.test_client().get("/api/auth/me", headers=headers).status_code == 200
    assert client.post("/api/auth/logout").status_code == 204
    assert other.test_client().get("/api/auth/me", headers=headers).status_code == 401


def test_login_replaces(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A login that is sent with an old session's token ends that session, and the audit trail says so."""
    old = auth.login("alice")
    body = {"username": "alice", "password": password_of("alice")}
    new = client.post("/api/auth/login", json=body, headers={"Authorization": f"Bearer {old}"}).json["token"]
    assert audit_trail(backend)[-1].details == {"ended_session_of": 1}
    assert client.get("/api/auth/me").status_code == 401
    auth.use(new)
    assert client.get("/api/auth/me").status_code == 200


def test_failed_login_replaces_nothing(client: FlaskClient, auth: Auth) -> None:
    """A wrong password ends no session."""
    auth.login("alice")
    assert client.post("/api/auth/login", json={"username": "alice", "password": "wrong"}).status_code == 401
    assert client.get("/api/auth/me").status_code == 200


def test_login_is_audited(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """A login, a logout and a failed login are in the audit trail; the last one names whose name was given."""
    auth.login("alice")
    assert last_event(backend) == ("alice", "session.started", "done", ("user", 1))
    auth.logout()
    assert last_event(backend) == ("alice", "sessions.ended", "done", ("user", 1))
    client.post("/api/auth/login", json={"username": "alice", "password": "wrong"})
    assert last_event(backend) == (None, "login.login", "denied", ("user", 1))
    client.post("/api/auth/login", json={"username": "nobody", "password": "wrong"})
    assert last_event(backend) == (None, "login.login", "denied", (None, None))


def test_renewed_hash(client: FlaskClient, auth: Auth, make_app: MakeApp, backend: Backend) -> None:
    """A login replaces a hash of another cost by one of the present cost, and the password stays."""
    app = make_app(argon2_time_cost=2)
    body = {"username": "alice", "password": password_of("alice")}
    assert app.test_client().post("/api/auth/login", json=body).status_code == 200
    with backend.work() as work:
        account = work.accounts.find("alice")
    assert account is not None
    assert "t=2" in account.password_hash
    auth.login("alice")
    assert client.get("/api/auth/me").status_code == 200


@pytest.mark.usefixtures("auth")
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer short", f"Bearer {'A' * 43}", f"Bearer {'A' * 42}é"]
)
def test_worthless_header(client: FlaskClient, header: str) -> None:
    """Whatever is no living token is 401 with a challenge."""
    response = client.get("/api/auth/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
