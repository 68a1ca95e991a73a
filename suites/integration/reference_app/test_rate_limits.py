"""S1: limits by route and user, counted over all processes, told by the IETF's headers, in memory without Redis."""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from pydantic import SecretStr
from redis import Redis

from harness.ports import LOOPBACK, free_port
from reference_app.api.rate_limits import OWN_LIMITS, UNLIMITED_BLUEPRINTS, UNLIMITED_ENDPOINTS
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth, MakeApp, password_of
from suites.integration.reference_app.test_metrics import metric

LIST = "/api/pipelines"
ME = "/api/auth/me"


@pytest.fixture
def start(make_app: MakeApp, auth: Auth) -> Callable[..., FlaskClient]:
    """Return what makes a client of a further process with limits of its own; alice is logged in."""
    token = auth.login("alice")

    def make(ratelimit_default: str = "2 per hour", **changes: object) -> FlaskClient:
        client = make_app(ratelimit_default=ratelimit_default, **changes).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


def statuses(client: FlaskClient, path: str, times: int) -> list[int]:
    """Return the statuses of so many GETs."""
    return [client.get(path, buffered=True).status_code for _ in range(times)]


def test_default(start: Callable[..., FlaskClient]) -> None:
    """Without configuration a route takes 50 requests an hour and 200 a day of each user, and says so."""
    client = start(Settings.model_fields["ratelimit_default"].default)
    response = client.get(ME)
    assert response.headers["RateLimit-Policy"] == '"default-hour";q=50;w=3600, "default-day";q=200;w=86400'
    pattern = r'"default-hour";r=49;t=3(600|5\d\d), "default-day";r=199;t=86(400|3\d\d)'
    assert re.fullmatch(pattern, response.headers["RateLimit"])
    assert Counter({200: 49, 429: 1}) == Counter(statuses(client, ME, 50))


def test_refusal(start: Callable[..., FlaskClient]) -> None:
    """One request too many is a 429 problem that says when to come back, and counts in a metric."""
    client = start("1 per minute")
    client.get(ME)
    response = client.get(ME)
    assert (response.status_code, response.content_type) == (429, "application/problem+json")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.headers["RateLimit"].startswith('"default-minute";r=0;t=')
    assert metric(client, 'rate_limit_refusals_total{endpoint="session.me"}') == 1


def test_each_route_and_user(start: Callable[..., FlaskClient], auth: Auth) -> None:
    """Another route, and another user, have counts of their own."""
    client = start()
    assert statuses(client, ME, 3) == [200, 200, 429]
    assert client.get(LIST).status_code == 200
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {auth.login('bob')}"
    assert client.get(ME).status_code == 200


def test_same_user_elsewhere(start: Callable[..., FlaskClient], auth: Auth) -> None:
    """A user's sessions and processes share one count."""
    here, there = start(), start()
    there.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {auth.login('alice')}"
    assert [each.get(ME).status_code for each in (here, there, here)] == [200, 200, 429]


def test_by_address(start: Callable[..., FlaskClient]) -> None:
    """Whoever is not known is counted by address, also with a token that nobody has."""
    client = start()
    del client.environ_base["HTTP_AUTHORIZATION"]
    made_up = {"Authorization": f"Bearer {'x' * 43}"}
    assert [client.get(ME, headers=headers).status_code for headers in ({}, made_up, {})] == [401, 401, 429]
    assert client.get(ME, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401


def test_by_network(start: Callable[..., FlaskClient]) -> None:
    """The addresses that one customer of IPv6 may choose from count as one."""
    client = start()
    del client.environ_base["HTTP_AUTHORIZATION"]
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8:0:1::1"]
    answers = [client.get(ME, environ_base={"REMOTE_ADDR": address}) for address in addresses]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 401]


def test_login_has_its_own(start: Callable[..., FlaskClient]) -> None:
    """The login takes what `ratelimit_login` says instead of the default."""
    client = start(ratelimit_login="3 per minute")
    body = {"username": "alice", "password": password_of("alice")}
    client.environ_base = {"REMOTE_ADDR": "192.0.2.1"}
    answers = [client.post("/api/auth/login", json=body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"login-minute";q=3;w=60'


def test_names_are_of_routes(app: Flask) -> None:
    """Whatever has limits of its own, or none, is there, and its limits are settings."""
    assert app.view_functions.keys() >= OWN_LIMITS.keys() | UNLIMITED_ENDPOINTS
    assert app.blueprints.keys() >= UNLIMITED_BLUEPRINTS
    assert Settings.model_fields.keys() >= set(OWN_LIMITS.values())


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health", "/metrics", "/api/openapi.json", "/api/docs/"])
def test_exempt(start: Callable[..., FlaskClient], path: str) -> None:
    """Probes, metrics and documentation are never refused."""
    client = start("1 per day")
    for _ in range(3):
        response = client.get(path, buffered=True)
        assert (response.status_code, "RateLimit" in response.headers) == (200, False)


def test_off(start: Callable[..., FlaskClient]) -> None:
    """RATELIMIT_ENABLED=false limits nothing."""
    client = start("1 per day", ratelimit_enabled=False)
    assert statuses(client, ME, 5) == [200] * 5


def test_refused_requests_are_free(start: Callable[..., FlaskClient], settings: Settings) -> None:
    """What one limit refuses counts for no other: an hour of refusals does not use up the day."""
    client = start("1 per minute;3 per day")
    statuses(client, ME, 10)
    with Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as redis:
        (day,) = redis.keys("limit:session.me:*-day")
        (minute,) = redis.keys("limit:session.me:*-minute")
        assert (redis.get(day), redis.get(minute)) == ("1", "1")


def test_never_more_than_stated(start: Callable[..., FlaskClient]) -> None:
    """Threads in several processes together are let through exactly as often as the limit says."""
    clients = [start("20 per hour") for _ in range(3)]
    apps: list[Flask] = [client.application for client in clients]
    headers = {"Authorization": clients[0].environ_base["HTTP_AUTHORIZATION"]}

    def ask(number: int) -> int:
        return apps[number % 3].test_client().get(ME, headers=headers).status_code

    with ThreadPoolExecutor(12) as threads:
        assert Counter({200: 20, 429: 40}) == Counter(threads.map(ask, range(60)))


def test_memory_without_redis(start: Callable[..., FlaskClient]) -> None:
    """While Redis is down limits hold within each process, and metrics say where they are counted."""
    client = start(redis_url=SecretStr(f"redis://{LOOPBACK}:{free_port()}/0"))
    del client.environ_base["HTTP_AUTHORIZATION"]
    answers = [client.get(ME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[0].headers["RateLimit"].startswith('"default-hour";r=1;t=')
    stored = [metric(client, f'rate_limit_storage{{storage="{name}"}}') for name in ("memory", "redis")]
    assert (stored, metric(client, "rate_limit_fallbacks_total")) == ([1, 0], 3)


def test_redis_in_metrics(start: Callable[..., FlaskClient]) -> None:
    """While Redis answers, metrics say that limits are counted there."""
    client = start()
    client.get(ME)
    stored = [metric(client, f'rate_limit_storage{{storage="{name}"}}') for name in ("memory", "redis")]
    assert (stored, metric(client, "rate_limit_fallbacks_total")) == ([0, 1], 0)


@pytest.mark.parametrize("redis_is_there", [True, False])
def test_storage_of_the_library(start: Callable[..., FlaskClient], *, redis_is_there: bool) -> None:
    """The storage serves the strategies of the library under Flask-Limiter, in Redis as in memory."""
    changes = {} if redis_is_there else {"redis_url": SecretStr(f"redis://{LOOPBACK}:{free_port()}/0")}
    (extension,) = start(**changes).application.extensions["limiter"]
    extension.storage.reset()  # the login of these tests was counted
    limiter, limit = extension.limiter, parse("2 per hour")
    assert [limiter.hit(limit, "somebody") for _ in range(3)] == [True, True, False]
    assert not limiter.test(limit, "somebody")
    assert 3500 < limiter.get_window_stats(limit, "somebody").reset_time - time.time() < 3601
    limiter.clear(limit, "somebody")
    assert limiter.hit(limit, "somebody", cost=2)
    assert extension.storage.check() == redis_is_there
    assert extension.storage.reset() >= 1
    assert extension.storage.get(limit.key_for("somebody")) == 0


def test_documented(client: FlaskClient) -> None:
    """The API document tells of 429 and of both headers where a limit applies, and nowhere else."""
    paths = client.get("/api/openapi.json").json["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            limited = "429" in operation["responses"]
            assert limited == path.startswith("/api/")
            for response in operation["responses"].values():
                assert limited == ({"RateLimit", "RateLimit-Policy"} <= response.get("headers", {}).keys())
            assert not limited or "Retry-After" in operation["responses"]["429"]["headers"]
