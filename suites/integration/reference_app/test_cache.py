"""S7: answers from the cache, ended by writes, filled once, and standing in while Postgres does not answer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from harness.wait import wait_for
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.cache.interface import Answer, CacheKey, CacheState, Made
from reference_app.models import Pipeline
from reference_app.settings import Settings
from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth, MakeApp
from suites.integration.reference_app.test_metrics import metric

MANY = 30
LIST = "/api/pipelines"
STATISTICS = "/api/pipelines/statistics"
KEY = CacheKey("lists", "stampede")


@pytest.fixture
def path(client: FlaskClient, auth: Auth) -> str:
    """Return the path of a pipeline of alice, who is logged in."""
    auth.login("alice")
    return create(client, name="first").headers["Location"]


def twin(client: FlaskClient, app: Flask) -> FlaskClient:
    """Return a client of `app` with the same user."""
    other = app.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = client.environ_base["HTTP_AUTHORIZATION"]
    return other


def state(client: FlaskClient, path: str) -> str:
    """Return what X-Cache says to a GET."""
    return client.get(path).headers["X-Cache"]


@contextmanager
def pipelines_locked(backend: Backend) -> Iterator[None]:
    """Keep everybody from reading pipelines: a Postgres that is slow, but there."""
    with backend.database.engine.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE pipelines IN ACCESS EXCLUSIVE MODE"))
        yield


def slow_fill(_timeout_s: float | None) -> Made:
    """Make an answer that takes long enough for everybody to ask for it meanwhile."""
    threading.Event().wait(0.2)
    return Made("made")


@pytest.mark.parametrize("cache_type", ["redis", "simple"])
@pytest.mark.parametrize("which", ["list", "statistics", "pipeline"])
def test_hit(client: FlaskClient, path: str, make_app: MakeApp, cache_type: str, which: str) -> None:
    """The second read is answered from the cache, word for word, and tells its age."""
    reader = twin(client, make_app(cache_type=cache_type))
    wanted = {"list": LIST, "statistics": STATISTICS, "pipeline": path}[which]
    first, second = reader.get(wanted), reader.get(wanted)
    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert first.data == second.data
    assert "Age" not in first.headers
    assert second.headers["Age"].isdecimal()


def test_null(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """Without a cache every answer is made anew, and says so."""
    reader = twin(client, make_app(cache_type="null"))
    assert [state(reader, each) for each in (LIST, LIST, path, path)] == ["BYPASS"] * 4
    change(client, path, name="second")
    assert reader.get(path).json["name"] == "second"


def test_filters_have_their_own(client: FlaskClient, path: str) -> None:
    """Lists that differ in a parameter are different answers."""
    assert path
    assert len(client.get(f"{LIST}?status=queued").json["items"]) == 1
    assert len(client.get(f"{LIST}?status=failed").json["items"]) == 0


def test_two_users_one_answer(client: FlaskClient, path: str, auth: Auth) -> None:
    """What everybody may read is kept once for all."""
    client.get(path)
    auth.login("bob")
    assert state(client, path) == "HIT"


@pytest.mark.parametrize("write", ["create", "update", "delete"])
def test_write_is_seen_at_once(client: FlaskClient, path: str, make_app: MakeApp, write: str) -> None:
    """After a write was acknowledged, another process serves no older list and no older statistics."""
    reader = twin(client, make_app())
    for wanted in (LIST, STATISTICS):
        reader.get(wanted)
    if write == "create":
        create(client, name="another")
    elif write == "update":
        change(client, path, status="running")
    else:
        client.delete(path)
    assert [state(reader, LIST), state(reader, STATISTICS)] == ["MISS", "MISS"]
    expected = {"create": (2, 2), "update": (1, 0), "delete": (0, 0)}[write]
    statistics = reader.get(STATISTICS).json
    assert expected == (statistics["total"], statistics["per_status"]["queued"])


def test_update_is_seen_at_once(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """After an update or a deletion was acknowledged, another process serves the new pipeline, or none."""
    reader = twin(client, make_app())
    reader.get(path)
    change(client, path, name="second")
    assert reader.get(path).json["name"] == "second"
    assert state(reader, path) == "HIT"
    client.delete(path)
    assert reader.get(path).status_code == 404


def test_other_pipelines_stay(client: FlaskClient, path: str) -> None:
    """A write ends the kept answers of its own pipeline only."""
    other = create(client, name="other").headers["Location"]
    client.get(other)
    change(client, path, name="second")
    assert state(client, other) == "HIT"


def test_late_filler(client: FlaskClient, path: str, backend: Backend, make_app: MakeApp) -> None:
    """An answer whose query ran before a write, and which is stored after it, is never served."""
    other: Backend = make_app().extensions[EXTENSION]
    identity = int(path.rsplit("/", 1)[1])

    def overtaken(_timeout_s: float | None) -> Made:
        change(client, path, name=f"changed during {key.kind}")
        return Made('{"name": "first"}', 1)

    for key in (CacheKey("pipeline", str(identity), identity), CacheKey("pipelines", "late")):
        assert other.cache.answer(key, overtaken).state is CacheState.MISS
        renewed = backend.cache.answer(key, lambda _timeout_s: Made('{"name": "second"}', 2))
        assert (renewed.state, renewed.made.body) == (CacheState.MISS, '{"name": "second"}')


def test_uncommitted_version_is_never_kept(backend: Backend, client: FlaskClient, path: str) -> None:
    """Between a writer's flush and its commit readers get what Postgres shows them, and afterwards the new version."""
    identity = int(path.rsplit("/", 1)[1])
    with backend.work() as work:
        work.session.get_one(Pipeline, identity).name = "second"
        work.session.flush()
        assert (client.get(path).json["name"], client.get(path).json["name"]) == ("first", "first")
    assert client.get(path).json["name"] == "second"


def test_rolled_back_write(backend: Backend, client: FlaskClient, path: str) -> None:
    """A write that was rolled back changes no answer."""
    with backend.work() as work:
        work.session.get_one(Pipeline, int(path.rsplit("/", 1)[1])).name = "second"
        work.session.flush()
        work.session.rollback()
    client.get(LIST)
    assert state(client, LIST) == "HIT"
    assert client.get(path).json["name"] == "first"


def test_bulk_change(backend: Backend, client: FlaskClient, path: str) -> None:
    """A statement that names no single row ends every kept answer."""
    client.get(path)
    with backend.work() as work:
        work.session.execute(text("UPDATE pipelines SET name = 'second'"))
    assert client.get(path).json["name"] == "first"
    backend.cache.forget_everything()
    assert client.get(path).json["name"] == "second"


def test_one_fill(make_app: MakeApp) -> None:
    """Thirty readers in two processes who miss the same answer cause one fill."""
    apps = [make_app(), make_app()]
    caches = [app.extensions[EXTENSION].cache for app in apps]
    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(lambda number: caches[number % 2].answer(KEY, slow_fill), range(MANY)))
    assert {"made"} == {answer.made.body for answer in answers}
    fills = sum(metric(app.test_client(), 'cache_fills_total{kind="lists"}') for app in apps)
    misses = sum(metric(app.test_client(), 'cache_lookups_total{kind="lists",result="miss"}') for app in apps)
    assert (fills, misses) == (1, 1)


def test_one_fill_in_one_process(make_app: MakeApp) -> None:
    """The simple cache fills once, too."""
    app = make_app(cache_type="simple")
    cache = app.extensions[EXTENSION].cache
    with ThreadPoolExecutor(MANY) as threads:
        list(threads.map(lambda _number: cache.answer(KEY, slow_fill), range(MANY)))
    assert metric(app.test_client(), 'cache_fills_total{kind="lists"}') == 1


def test_dead_filler(settings: Settings, make_app: MakeApp) -> None:
    """Where whoever fills has died, the others fill after a while themselves."""
    backend: Backend = make_app(database_pool_timeout_s=0.2).extensions[EXTENSION]
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        redis.set("cache:claim:lists:stampede", "the dead", px=60_000)
    answer = backend.cache.answer(KEY, lambda _timeout_s: Made("made"))
    assert (answer.state, answer.made.body) == (CacheState.MISS, "made")
    assert backend.cache.answer(KEY, slow_fill).state is CacheState.HIT


def test_failed_fill(backend: Backend) -> None:
    """A fill that fails leaves nothing behind, and keeps nobody from trying again."""

    def fail(_timeout_s: float | None) -> Made:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backend.cache.answer(KEY, fail)
    assert backend.cache.answer(KEY, lambda _timeout_s: Made("made")).state is CacheState.MISS


def test_too_old(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """After `cache_default_timeout` an answer is made anew."""
    reader = twin(client, make_app(cache_default_timeout=0.000_001))
    assert [state(reader, path), state(reader, path)] == ["MISS", "MISS"]


def test_stale_while_slow(client: FlaskClient, path: str, make_app: MakeApp, backend: Backend) -> None:
    """While Postgres does not answer in time, an answer that is too old stands in; without one it is 503."""
    reader = twin(client, make_app(cache_default_timeout=0.000_001, database_statement_timeout_s=0.5))
    wait_for(lambda: {reader.get(wanted).status_code for wanted in (LIST, path)} == {200}, what="both", timeout_s=60)
    with pipelines_locked(backend):
        stale = [reader.get(wanted) for wanted in (LIST, path)]
        unknown = reader.get(STATISTICS)
    assert [answer.headers["X-Cache"] for answer in stale] == ["STALE", "STALE"]
    assert all(answer.headers["Age"].isdecimal() for answer in stale)
    assert (unknown.status_code, unknown.headers["Retry-After"]) == (503, "2")


def test_stale_time_is_limited(client: FlaskClient, path: str, make_app: MakeApp, backend: Backend) -> None:
    """After `cache_stale_s` beyond its freshness an answer does not stand in any more."""
    changes = {"cache_default_timeout": 0.000_001, "cache_stale_s": 0, "database_statement_timeout_s": 0.5}
    reader = twin(client, make_app(**changes))
    reader.get(path)
    with pipelines_locked(backend):
        assert reader.get(path).status_code == 503


def test_floor_holds_while_stale(backend: Backend, make_app: MakeApp) -> None:
    """Not even while Postgres is down does a pipeline come back in a version below its floor."""
    late: Backend = make_app(cache_default_timeout=0.000_001).extensions[EXTENSION]
    key = CacheKey("pipeline", "7", 7)
    late.cache.answer(key, lambda _timeout_s: Made("first", 1))
    assert during_outage(late, key).state is CacheState.STALE
    backend.cache.raise_floors({7: 2})
    with pytest.raises(ConnectionRefusedError):
        during_outage(late, key)


def during_outage(backend: Backend, key: CacheKey) -> Answer:
    """Ask for `key` while Postgres cannot be reached; `ConnectionRefusedError` when nothing stands in."""

    def fail(_timeout_s: float | None) -> Made:
        raise OperationalError("connect", {}, ConnectionRefusedError())

    try:
        return backend.cache.answer(key, fail)
    except OperationalError as error:
        raise error.orig from None  # type: ignore[misc]


def test_evicted_mark(settings: Settings, backend: Backend) -> None:
    """When Redis lost the mark, everything made before is made anew."""
    backend.cache.answer(KEY, lambda _timeout_s: Made("first"))
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        redis.delete("cache:mark:collections")
    assert backend.cache.answer(KEY, lambda _timeout_s: Made("second")).made.body == "second"


def test_prefix(settings: Settings, make_app: MakeApp) -> None:
    """Every key of the cache starts with `cache_key_prefix`."""
    backend: Backend = make_app(cache_key_prefix="mine:").extensions[EXTENSION]
    backend.cache.answer(replace(KEY, pipeline_id=1), lambda _timeout_s: Made("made", 1))
    backend.cache.raise_floors({1: 2})
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        keys = redis.keys()
    assert len(keys) == 3
    assert all(key.startswith("mine:") for key in keys)


def test_documented(client: FlaskClient) -> None:
    """The API document tells which answers carry X-Cache and Age."""
    document = client.get("/api/openapi.json").json
    for path in (LIST, STATISTICS, "/api/pipelines/{pipeline_id}"):
        assert {"X-Cache", "Age"} <= document["paths"][path]["get"]["responses"]["200"]["headers"].keys()
