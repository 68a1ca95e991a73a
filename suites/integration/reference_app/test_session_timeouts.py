"""Sessions end by themselves: when they are not used, and when they are old."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from harness.wait import wait_for
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth, MakeApp

IDLE_S = 600


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with times that tests can tell apart."""
    return settings.model_copy(update={"session_idle_s": IDLE_S})


class TestIdle:
    """The time without use."""

    def test_begins_at_login(self, auth: Auth, redis: Redis) -> None:
        """Redis keeps a new session for the idle time."""
        auth.login("alice")
        assert IDLE_S - 100 < redis.ttl(*redis.keys("session:*")) <= IDLE_S

    def test_renewed_by_use(self, client: FlaskClient, auth: Auth, redis: Redis) -> None:
        """A request lets the time begin anew."""
        auth.login("alice")
        (key,) = redis.keys("session:*")
        redis.expire(key, 20)
        assert client.get("/api/auth/me").status_code == 200
        assert IDLE_S - 100 < redis.ttl(key) <= IDLE_S

    def test_one_round_trip(self, client: FlaskClient, auth: Auth, redis: Redis) -> None:
        """Recognising and renewing a session is one command."""
        auth.login("alice")
        client.get("/api/auth/me")
        redis.config_resetstat()
        client.get("/api/auth/me")
        asked = {name: found["calls"] for name, found in redis.info("commandstats").items()}
        assert {name: calls for name, calls in asked.items() if "get" in name} == {"cmdstat_getex": 1}

    def test_ends(self, client: FlaskClient, auth: Auth, redis: Redis) -> None:
        """A session that was not used for that time is dead, and listed no more."""
        auth.login("alice")
        (key,) = redis.keys("session:*")
        redis.pexpire(key, 1)
        wait_for(lambda: not redis.exists(key), what="the end of the idle time", timeout_s=60)
        assert client.get("/api/auth/me").status_code == 401
        auth.login("alice")
        assert len(client.get("/api/auth/sessions").json["items"]) == 1


class TestAbsolute:
    """The time after which a session is over, however much it is used."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Return settings in which sessions are over soon."""
        return settings.model_copy(update={"session_absolute_s": 1})

    def test_ends(self, client: FlaskClient, auth: Auth, redis: Redis) -> None:
        """Use does not prolong it."""
        auth.login("alice")
        (key,) = redis.keys("session:*")
        wait_for(lambda: client.get("/api/auth/me").status_code == 401, what="the absolute end", timeout_s=60)
        assert redis.exists(key)

    def test_cannot_be_ended_again(self, client: FlaskClient, auth: Auth, redis: Redis, make_app: MakeApp) -> None:
        """One that is over is no session to end, although Redis still has it."""
        auth.login("alice")
        (key,) = redis.keys("session:*")
        wait_for(lambda: client.get("/api/auth/me").status_code == 401, what="the absolute end", timeout_s=60)
        another = make_app(session_absolute_s=3600).test_client()
        Auth(another).login("alice")
        assert another.delete(f"/api/auth/sessions/{key.removeprefix('session:')}").status_code == 404
