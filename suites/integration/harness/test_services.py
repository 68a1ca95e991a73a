"""The same promises hold for every provider; `--services` chooses which one these tests see."""

import urllib.parse

import psycopg
import pytest
import redis

from harness.errors import ServiceUnavailable
from harness.fixtures import Services
from harness.services.interface import Service
from harness.services.spaces import Spaces


def test_reached_on_loopback_only(services: Services, request: pytest.FixtureRequest) -> None:
    """What the harness starts is published to this machine alone."""
    if request.config.option.services == "external":
        return
    for service in services.values():
        assert urllib.parse.urlsplit(service.url).hostname == "127.0.0.1"


def test_password_is_needed(services: Services) -> None:
    """Another user of the machine cannot walk in without the password."""
    url = services["postgres"].url
    wrong = url.replace(str(urllib.parse.urlsplit(url).password), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_record_holds_no_password(services: Services) -> None:
    """What goes into evidence cannot leak the password."""
    for service in services.values():
        password = urllib.parse.urlsplit(service.url).password
        assert password
        assert password not in str(service.record)


def test_versions_are_what_the_servers_say(services: Services) -> None:
    """The version in the evidence is the running server's own."""
    with psycopg.connect(services["postgres"].url) as connection:
        assert connection.execute("SHOW server_version").fetchone() == (services["postgres"].version,)


def test_tests_share_no_keys(services: Services, spaces: Spaces) -> None:
    """Two leased logical databases do not see each other's keys."""
    if services["redis"].spaces == 1:
        pytest.skip("external Redis with one logical database: PROVING_GROUND_REDIS_SPACES says how many are ours")
    one, other = spaces.lease(), spaces.lease()
    redis.Redis.from_url(one).set("key", "value")
    assert redis.Redis.from_url(other).get("key") is None
    spaces.release(one)
    spaces.release(other)


def test_released_space_is_empty_again(spaces: Spaces) -> None:
    """What a test left behind is gone before the next one comes."""
    url = spaces.lease()
    with redis.Redis.from_url(url) as client:
        client.set("key", "value")
        spaces.release(url)
        assert client.dbsize() == 0


def test_workers_share_no_space() -> None:
    """Two workers never lease the same logical database."""
    service = Service(
        name="redis", url="redis://127.0.0.1:1/0", version="", provider="", origin="", run_id="", spaces=7
    )
    leased = [spaces.lease() for spaces in (Spaces(service, 0, 2), Spaces(service, 1, 2)) for _ in range(3)]
    assert len(set(leased)) == 6


def test_more_workers_than_spaces() -> None:
    """A worker that would have to share is refused, with the way out."""
    service = Service(name="redis", url="redis://127.0.0.1:1/3", version="", provider="external", origin="", run_id="")
    with pytest.raises(ServiceUnavailable, match="run with -n 1"):
        Spaces(service, 1, 2)
