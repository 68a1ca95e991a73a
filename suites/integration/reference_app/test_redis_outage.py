"""Redis down, silent, and back: pipelines go on, sessions say 503, and a wait is paid once."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from harness.ports import LOOPBACK
from harness.wait import wait_for
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.cache.interface import Answer, CacheKey, CacheState, Made
from reference_app.models import Admin, PipelineStatus, Role
from reference_app.services.principal import Principal
from suites.integration.reference_app.conftest import Auth, MakeApp, StartRedis, password_of
from suites.integration.reference_app.own_redis import OwnRedis
from suites.integration.reference_app.test_metrics import metric

TIMEOUT_S = 0.3
KEY = CacheKey("lists", "any")


@pytest.fixture
def own_redis(start_redis: StartRedis) -> OwnRedis:
    """Return a Redis that may be stopped."""
    return start_redis()


@pytest.fixture
def silent() -> Iterator[str]:
    """Yield the URL of what accepts connections and never says a word."""
    with closing(socket.create_server((LOOPBACK, 0), backlog=100)) as listener:
        yield f"redis://{LOOPBACK}:{listener.getsockname()[1]}/0"


@pytest.fixture
def client_on(make_app: MakeApp) -> Callable[..., FlaskClient]:
    """Return what makes a client of an application on the Redis at a URL."""

    def make(url: str, **changes: object) -> FlaskClient:
        return make_app(redis_url=SecretStr(url), **changes).test_client()

    return make


def backend_of(client: FlaskClient) -> Backend:
    """Return what is behind the client's application."""
    backend: Backend = client.application.extensions[EXTENSION]
    return backend


def me(client: FlaskClient, token: str) -> TestResponse:
    """Ask with the session of `token`."""
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


def made(backend: Backend) -> Answer:
    """Ask the cache for an answer."""
    return backend.cache.answer(KEY, lambda _timeout_s: Made("made"))


def make_account(backend: Backend, auth: Auth) -> Principal:
    """Return alice, whom `auth` made."""
    assert auth
    with backend.work() as work:
        account: Admin | None = work.accounts.find("alice")
    assert account is not None
    return Principal(account.id, account.username, Role.MEMBER)


def test_pipelines_go_on(own_redis: OwnRedis, client_on: Callable[..., FlaskClient], auth: Auth) -> None:
    """Without Redis pipelines are read and written, past the cache."""
    backend = backend_of(client_on(own_redis.url))
    alice = make_account(backend, auth)
    own_redis.stop()
    with backend.work() as work:
        identity = work.pipelines.create(alice, {"name": "made without Redis", "branch": "main"}).id
    with backend.work() as work:
        assert work.pipelines.update(alice, identity, {"status": PipelineStatus.RUNNING}).version == 2
    assert CacheState.BYPASS is made(backend).state


def test_sessions_wait(own_redis: OwnRedis, client_on: Callable[..., FlaskClient], auth: Auth) -> None:
    """Without Redis a session is 503 with Retry-After, never 401; with Redis back it is there again."""
    client = client_on(own_redis.url, redis_retry_s=0.1)
    make_account(backend_of(client), auth)
    body = {"username": "alice", "password": password_of("alice")}
    token = client.post("/api/auth/login", json=body).json["token"]
    own_redis.stop()
    response = me(client, token)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    own_redis.start()
    wait_for(lambda: me(client, token).status_code == 200, what="the session", timeout_s=60)


def test_cache_and_limits_come_back(own_redis: OwnRedis, client_on: Callable[..., FlaskClient]) -> None:
    """With Redis back, the same process caches, and counts limits, in Redis again."""
    client = client_on(own_redis.url, redis_retry_s=0.1)
    backend = backend_of(client)
    assert CacheState.MISS is made(backend).state
    own_redis.stop()
    client.get("/api/auth/me")
    assert metric(client, 'rate_limit_storage{storage="memory"}') == 1
    own_redis.start()
    wait_for(lambda: made(backend).state is CacheState.HIT, what="a hit", timeout_s=60)
    client.get("/api/auth/me")
    assert tuple(metric(client, f'rate_limit_storage{{storage="{name}"}}') for name in ("memory", "redis")) == (0, 1)
    assert metric(client, "redis_failures_total") >= 1


def test_invalidation_is_made_up_for(own_redis: OwnRedis, client_on: Callable[..., FlaskClient]) -> None:
    """A write whose invalidation Redis did not take is told to Redis before this process reads from it again."""
    client = client_on(own_redis.url, redis_retry_s=0.1)
    backend = backend_of(client)
    with own_redis.client() as redis:
        made(backend)
        redis.config_set("maxmemory", 1)  # Redis is full: it keeps what it has, and takes nothing new
        backend.cache.forget_collections()
        assert CacheState.BYPASS is made(backend).state
        redis.config_set("maxmemory", 0)
    wait_for(lambda: made(backend).state is CacheState.MISS, what="a miss", timeout_s=60)
    assert metric(client, "cache_write_failures_total") == 1


def test_owed_invalidation_comes_first(own_redis: OwnRedis, client_on: Callable[..., FlaskClient], auth: Auth) -> None:
    """Nothing is looked up ahead of an invalidation that is owed: the first answer afterwards is a new one."""
    client = client_on(own_redis.url, redis_retry_s=0.1)
    backend = backend_of(client)
    make_account(backend, auth)
    body = {"username": "alice", "password": password_of("alice")}
    token = client.post("/api/auth/login", json=body).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    states = [client.get("/api/pipelines", headers=headers).headers["X-Cache"] for _ in range(2)]
    with own_redis.client() as redis:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        backend.cache.forget_collections()
        redis.config_set("maxmemory", 0)

    def asked() -> TestResponse | None:
        response = client.get("/api/pipelines", headers=headers)
        return response if response.status_code == 200 else None

    after = wait_for(asked, what="the session", timeout_s=30)
    assert [*states, after.headers["X-Cache"]] == ["MISS", "HIT", "MISS"]


def test_silence_is_paid_once(silent: str, client_on: Callable[..., FlaskClient]) -> None:
    """A Redis that accepts and never answers costs one timeout; after that nobody waits for `redis_retry_s`."""
    client = client_on(silent, redis_timeout_s=TIMEOUT_S, redis_retry_s=600)
    started_s = time.monotonic()
    first = client.get("/api/auth/me")
    first_s = time.monotonic() - started_s
    failures = metric(client, "redis_failures_total")
    for _ in range(20):
        client.get("/api/auth/me")
        made(backend_of(client))
    assert (first.status_code, failures, metric(client, "redis_failures_total")) == (401, 1, 1)
    assert first_s >= TIMEOUT_S


def test_connection_lost_while_idle(own_redis: OwnRedis, client_on: Callable[..., FlaskClient]) -> None:
    """A connection that died while nobody used it costs nobody an error."""
    client = client_on(own_redis.url)
    made(backend_of(client))
    with own_redis.client() as redis:
        redis.client_kill_filter(_type="normal", skipme=True)
    assert CacheState.HIT is made(backend_of(client)).state
    assert metric(client, "redis_failures_total") == 0
