"""Login, logout and the end of sessions."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import update

from reference_app.backend import Backend
from reference_app.models import Admin
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth, password_of


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


def test_expiry(client: FlaskClient, auth: Auth, settings: Settings) -> None:
    """Redis holds a session no longer than its lifetime, and without it the token is dead."""
    auth.login("alice")
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        (key,) = redis.keys("session:*")
        assert 0 < redis.ttl(key) <= settings.session_absolute_s
        redis.pexpire(key, 0)
    assert client.get("/api/auth/me").status_code == 401


def test_token_is_not_stored(auth: Auth, settings: Settings) -> None:
    """Neither the token nor anything that could be sent in its place is in Redis."""
    token = auth.login("alice")
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        (key,) = redis.keys("session:*")
        assert token not in key + redis.get(key)
        assert len("session:") + 64 == len(key)


@pytest.mark.usefixtures("auth")
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer short", f"Bearer {'A' * 43}", f"Bearer {'A' * 42}é"]
)
def test_worthless_header(client: FlaskClient, header: str) -> None:
    """Whatever is no living token is 401 with a challenge."""
    response = client.get("/api/auth/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
