"""Redis with deploy/redis/redis.conf: sessions survive its restart and death, and cached answers do not oust them."""

import signal
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from harness.ports import LOOPBACK
from suites.integration.reference_app.conftest import Auth, MakeApp, StartRedis
from suites.integration.reference_app.own_redis import OwnRedis


@pytest.fixture
def users(auth: Auth) -> None:
    """Make the accounts, in Postgres."""
    assert auth


@pytest.fixture
def connect(make_app: MakeApp, users: None) -> Callable[[OwnRedis], FlaskClient]:  # noqa: ARG001
    """Return what makes a client of an application on that Redis."""
    return lambda redis: make_app(redis_url=SecretStr(redis.url)).test_client()


def me(client: FlaskClient, token: str) -> int:
    """Return the status of a request that needs the session of `token`."""
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_sessions_survive(
    start_redis: StartRedis, connect: Callable[[OwnRedis], FlaskClient], number: signal.Signals
) -> None:
    """Who was logged in still is when Redis has been stopped, or killed, and started again; who was not is not."""
    server = start_redis()
    user = Auth(connect(server))
    stays, ends = user.login("alice"), user.login("bob")
    user.logout()
    with server.client() as redis:
        assert redis.waitaof(1, 0, 10_000)[0] == 1  # on disk, which happens once a second
    server.process.send(number)
    server.process.wait(60)
    server.start()
    assert [me(connect(server), token) for token in (stays, ends)] == [200, 401]


def test_sessions_are_kept(start_redis: StartRedis, connect: Callable[[OwnRedis], FlaskClient]) -> None:
    """When the memory is full, cached answers go and sessions stay."""
    server = start_redis("--maxmemory", "4mb")
    client = connect(server)
    tokens = [Auth(client).login("alice") for _ in range(3)]
    with server.client() as redis:
        for number in range(6_000):
            redis.set(f"cache:{number}", "x" * 1_000, ex=30)
        assert redis.info("stats")["evicted_keys"] > 1_000
    assert [me(client, token) for token in tokens] == [200] * 3


def test_only_with_password(start_redis: StartRedis) -> None:
    """The file listens on loopback only, writes every change down, and lets nobody debug or load modules."""
    with start_redis().client() as redis:
        wanted = ("appendonly", "appendfsync", "maxmemory-policy", "protected-mode", "enable-debug-command")
        assert [redis.config_get(name)[name] for name in wanted] == ["yes", "everysec", "volatile-ttl", "yes", "no"]
        assert LOOPBACK in redis.config_get("bind")["bind"].split()
