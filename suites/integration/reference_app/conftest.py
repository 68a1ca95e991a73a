"""The ladder of this suite: services -> settings -> app -> client -> auth, so that tests read as what a user does."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from sqlalchemy.orm import Session

from harness.guardian import GuardedProcess, Guardian
from harness.ports import LOOPBACK, free_port
from harness.wait import wait_for
from reference_app import create_app
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.models import Role
from reference_app.settings import Settings
from suites.factories import bound_to
from suites.integration.reference_app.own_redis import OwnRedis
from suites.integration.reference_app.server import COMMAND, ROOT, Server

LIMITS = ("ratelimit_default", "ratelimit_login", "ratelimit_registration", "ratelimit_webhook")
NO_LIMITS = dict.fromkeys(LIMITS, "1000000 per hour")
"""Tests ask a lot; those of the limits set their own."""
PATIENCE_S = 60
WAITS = ("database_connect_timeout_s", "database_pool_timeout_s", "database_statement_timeout_s", "redis_timeout_s")
PATIENT = dict.fromkeys(WAITS, PATIENCE_S)
"""A machine that stalls is no outage; the tests of outages set their own."""
MakeApp = Callable[..., Flask]
StartRedis = Callable[..., OwnRedis]
ROLES = {"alice": Role.MEMBER, "bob": Role.MEMBER, "admin": Role.ADMIN}


def password_of(name: str) -> str:
    """Return the password that the accounts of these tests have."""
    return f"{name}-has-a-password"


class Auth:
    """Logs users in and out; while one is logged in, the client sends their token."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def login(self, name: str) -> str:
        """Make `name` the client's user, and return the token."""
        self._client.environ_base.pop("HTTP_AUTHORIZATION", None)
        body = {"username": name, "password": password_of(name)}
        token: str = self._client.post("/api/auth/login", json=body).json["token"]
        self.use(token)
        return token

    def use(self, token: str) -> None:
        """Make the client send this token from now on."""
        self._client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def logout(self) -> None:
        """End the session, and send no token any more."""
        assert self._client.post("/api/auth/logout").status_code == 204
        self.forget()

    def forget(self) -> None:
        """Send no token any more; the session lives on."""
        del self._client.environ_base["HTTP_AUTHORIZATION"]


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    """Return settings on this test's own services, with password hashes that cost next to nothing."""
    return Settings(
        app_env="testing",
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        argon2_time_cost=1,
        argon2_memory_kib=8,
        argon2_parallelism=1,
        **NO_LIMITS,
        **PATIENT,
    )


@pytest.fixture
def make_app(settings: Settings) -> Iterator[MakeApp]:
    """Yield what makes an application, as another process would have it, with settings of its own."""
    with ExitStack() as stack:

        def make(**changes: object) -> Flask:
            app = create_app(settings.model_copy(update=changes))
            stack.callback(app.extensions[EXTENSION].close)
            return app

        yield make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return the application."""
    return make_app()


@pytest.fixture
def backend(app: Flask) -> Backend:
    """Return what is behind the application's views."""
    backend: Backend = app.extensions[EXTENSION]
    return backend


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client without a user."""
    return app.test_client()


@pytest.fixture
def auth(backend: Backend, client: FlaskClient) -> Auth:
    """Return the logins of alice and bob (members) and admin, who exist from now on."""
    with backend.work() as work:
        for name, role in ROLES.items():
            work.accounts.create(name, password_of(name), role)
    return Auth(client)


@pytest.fixture
def start(guardian: Guardian, database_url: str, redis_url: str, tmp_path: Path) -> Callable[..., GuardedProcess]:
    """Return what starts gunicorn, with one worker, and with settings beside those of the test's services.

    Another `application` takes the place of the one that is deployed: one with a fault, say.
    """

    def spawn(port: int, application: str | None = None, **settings: str) -> GuardedProcess:
        folder = tmp_path / "tmp"
        folder.mkdir()
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "APP_ENV": "testing",
            "TMPDIR": str(folder),
            "WEB_CONCURRENCY": "1",
            "ARGON2_TIME_COST": "1",
            "ARGON2_MEMORY_KIB": "8",
            "ARGON2_PARALLELISM": "1",
            **{name.upper(): str(value) for name, value in (NO_LIMITS | PATIENT).items()},
        }
        argv = [*COMMAND, "--bind", f"{LOOPBACK}:{port}", *([application] if application else [])]
        return guardian.spawn(argv, output=tmp_path / "log", cwd=ROOT, env=os.environ | environment | settings)

    return spawn


@pytest.fixture
def serve(start: Callable[..., GuardedProcess], tmp_path: Path) -> Callable[..., Server]:
    """Return what starts a server with settings, and waits until it is ready."""

    def spawn(**settings: str) -> Server:
        server = Server(start(port := free_port(), **settings), port, tmp_path / "tmp")
        wait_for(lambda: server.get("/readyz")[0] == 200, what="ready", timeout_s=60, transient=(OSError,))
        return server

    return spawn


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """Return a server that is ready."""
    return serve()


@pytest.fixture
def rows(backend: Backend, seed: int, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Let the factories write to this test's database; yield the session that they use."""
    with bound_to(backend.database.engine, f"{seed} {request.node.nodeid}") as session:
        yield session


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    """Yield a client of this test's Redis."""
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        yield redis


@pytest.fixture
def start_redis(guardian: Guardian, tmp_path: Path) -> Iterator[StartRedis]:
    """Yield what starts a Redis of this test's own, with options beside those of the deployed one."""
    with ExitStack() as stack:

        def start(*options: str) -> OwnRedis:
            redis = OwnRedis(guardian, tmp_path, options)
            stack.callback(redis.stop)
            return redis

        yield start
