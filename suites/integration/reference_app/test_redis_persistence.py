"""Redis with deploy/redis/redis.conf: sessions survive its restart and death, and cached answers do not oust them."""

import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from harness.guardian import GuardedProcess, Guardian
from harness.ports import LOOPBACK, free_port
from harness.services.answering import until_it_answers
from harness.services.binaries import redis_server
from reference_app import create_app
from reference_app.api.authentication import EXTENSION
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "redis" / "redis.conf"


class RedisServer:
    """A Redis of this test's own, as it would be deployed."""

    def __init__(self, guardian: Guardian, folder: Path, options: tuple[str, ...]) -> None:
        self._guardian = guardian
        self._folder = folder
        password, port = secrets.token_hex(16), free_port()
        self.url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        self._options = ("--port", str(port), "--requirepass", password, "--dir", str(folder), *options)
        self.process = self.start()

    def start(self) -> GuardedProcess:
        """Start it on the same folder, and wait until it answers."""
        argv = [redis_server(), CONFIGURATION, *self._options]
        self.process = self._guardian.spawn(argv, output=self._folder / "log", cwd=self._folder)
        until_it_answers(self.process, self.url)
        return self.process

    def end(self, number: signal.Signals) -> None:
        """End it with a signal."""
        self.process.send(number)
        self.process.wait(20)

    def ask(self) -> Redis:
        """Return a client."""
        return Redis.from_url(self.url, decode_responses=True)


@pytest.fixture
def start_redis(guardian: Guardian, tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Yield what starts a Redis with options beside those of the file."""
    started: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        started.append(RedisServer(guardian, tmp_path, options))
        return started[-1]

    yield start
    for server in started:
        server.process.stop()


@pytest.fixture
def users(auth: Auth) -> None:
    """Make the accounts, in Postgres."""
    assert auth


@pytest.fixture
def connect(settings: Settings, users: None) -> Iterator[Callable[[RedisServer], FlaskClient]]:  # noqa: ARG001
    """Yield what makes a client of an application on that Redis."""
    apps = []

    def make(server: RedisServer) -> FlaskClient:
        apps.append(create_app(settings.model_copy(update={"redis_url": SecretStr(server.url)})))
        return apps[-1].test_client()

    yield make
    for app in apps:
        app.extensions[EXTENSION].close()


def me(client: FlaskClient, token: str) -> int:
    """Return the status of a request that needs the session of `token`."""
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_sessions_survive(
    start_redis: Callable[..., RedisServer], connect: Callable[[RedisServer], FlaskClient], number: signal.Signals
) -> None:
    """Who was logged in still is when Redis has been stopped, or killed, and started again; who was not is not."""
    server = start_redis()
    user = Auth(connect(server))
    stays, ends = user.login("alice"), user.login("bob")
    user.logout()
    with server.ask() as redis:
        assert redis.waitaof(1, 0, 10_000)[0] == 1  # on disk, which happens once a second
    server.end(number)
    server.start()
    assert [me(connect(server), token) for token in (stays, ends)] == [200, 401]


def test_sessions_are_kept(
    start_redis: Callable[..., RedisServer], connect: Callable[[RedisServer], FlaskClient]
) -> None:
    """When the memory is full, cached answers go and sessions stay."""
    server = start_redis("--maxmemory", "4mb")
    client = connect(server)
    tokens = [Auth(client).login("alice") for _ in range(3)]
    with server.ask() as redis:
        for number in range(6_000):
            redis.set(f"cache:{number}", "x" * 1_000, ex=30)
        assert redis.info("stats")["evicted_keys"] > 1_000
    assert [me(client, token) for token in tokens] == [200] * 3


def test_only_with_password(start_redis: Callable[..., RedisServer]) -> None:
    """The file listens on loopback only, writes every change down, and lets nobody debug or load modules."""
    with start_redis().ask() as redis:
        wanted = ("appendonly", "appendfsync", "maxmemory-policy", "protected-mode", "enable-debug-command")
        assert [redis.config_get(name)[name] for name in wanted] == ["yes", "everysec", "volatile-ttl", "yes", "no"]
        assert LOOPBACK in redis.config_get("bind")["bind"].split()
