"""`external` uses what somebody else runs, and touches nothing that it did not create."""

import urllib.parse
from collections.abc import Iterator

import psycopg
import pytest
import redis

from harness.database import Databases
from harness.errors import NotOurs, RequestError, ServiceUnavailable
from harness.guardian import Guardian
from harness.ports import free_port
from harness.services.embedded import Embedded
from harness.services.external import External


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """Yield the URL of a Postgres that stands for somebody else's."""
    with Guardian() as guardian:
        yield Embedded(guardian, "theirs").start("postgres").url


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """Yield the URL of a Redis that stands for somebody else's."""
    with Guardian() as guardian:
        yield Embedded(guardian, "theirs").start("redis").url


def database_names(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_own_databases_are_made_and_removed(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's databases are named harness_RUN_…, and are gone after it; the others are as before."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    before = database_names(postgres)
    with Guardian() as guardian:
        with Databases(External(guardian, "run1").start("postgres")) as databases:
            databases.clone(databases.template("empty", lambda _url: None))
        created = database_names(postgres) - before
        assert len(created) == 2
        assert all(name.startswith("harness_run1_") for name in created)
    assert database_names(postgres) == before


def test_database_with_tables_is_refused(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that holds tables is somebody's data: refused, untouched, and the message says how many."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE theirs")
    url = urllib.parse.urlsplit(postgres)._replace(path="/theirs").geturl()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE orders (id int)")
    monkeypatch.setenv("DATABASE_URL", url)
    before = database_names(postgres)
    with Guardian() as guardian, pytest.raises(NotOurs, match="theirs has 1 tables") as refusal:
        External(guardian, "run2").start("postgres")
    assert database_names(postgres) == before
    assert str(urllib.parse.urlsplit(url).password) not in str(refusal.value)


def test_redis_with_keys_is_refused(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logical database that holds keys is refused, and its keys stay."""
    url = valkey.replace("/0", "/1")
    client = redis.Redis.from_url(url)
    client.set("basket", "apples")
    monkeypatch.setenv("REDIS_URL", url)
    with Guardian() as guardian, pytest.raises(NotOurs, match="holds 1 keys"):
        External(guardian, "run3").start("redis")
    assert client.get("basket") == b"apples"
    client.close()


def test_redis_is_left_empty(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run wrote into the logical database that it was given is gone after it."""
    monkeypatch.setenv("REDIS_URL", valkey.replace("/0", "/2"))
    with redis.Redis.from_url(valkey.replace("/0", "/2")) as client:
        with Guardian() as guardian:
            service = External(guardian, "run4").start("redis")
            with redis.Redis.from_url(service.url) as ours:
                ours.set("session", "1")
        assert client.dbsize() == 0


def test_two_runs_do_not_share_a_redis(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run on the same logical database is refused while the first one has it."""
    monkeypatch.setenv("REDIS_URL", valkey.replace("/0", "/3"))
    with Guardian() as guardian:
        first = External(guardian, "run5")
        first.start("redis")
        with pytest.raises(NotOurs, match="in use by another run"):
            External(guardian, "run6").start("redis")


def test_more_spaces_only_where_told(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logical databases after the named one are ours only as far as we were told, and each must be empty."""
    monkeypatch.setenv("REDIS_URL", valkey.replace("/0", "/6"))
    monkeypatch.setenv("PROVING_GROUND_REDIS_SPACES", "2")
    with Guardian() as guardian:
        assert External(guardian, "run9").start("redis").spaces == 2
    with redis.Redis.from_url(valkey.replace("/0", "/7")) as client:
        client.set("basket", "apples")
        with Guardian() as guardian, pytest.raises(NotOurs, match="/7 holds 1 keys"):
            External(guardian, "run10").start("redis")
        assert client.get("basket") == b"apples"


@pytest.mark.parametrize(
    ("service", "variable", "url"),
    [
        ("postgres", "DATABASE_URL", "postgresql://user:{password}@127.0.0.1:{port}/app"),
        ("redis", "REDIS_URL", "redis://:{password}@127.0.0.1:{port}/0"),
    ],
)
def test_server_that_is_down(service: str, variable: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot be reached is said to be so, without its password."""
    monkeypatch.setenv(variable, url.format(port=free_port(), password="hunter2"))
    with Guardian() as guardian, pytest.raises(ServiceUnavailable, match=variable) as refusal:
        External(guardian, "run7").start(service)  # type: ignore[arg-type]
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "mysql://localhost/app", "postgresql://"])
def test_url_of_another_kind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or foreign URL is the request's fault."""
    monkeypatch.setenv("DATABASE_URL", url)
    with Guardian() as guardian, pytest.raises(RequestError, match="DATABASE_URL"):
        External(guardian, "run8").check("postgres")
