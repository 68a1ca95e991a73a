"""Statistics: counts by status, owner and day of all pipelines, in a fixed number of queries."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from reference_app.backend import Backend
from reference_app.reader import Reader
from reference_app.repositories.statistics import StatisticsRepository
from reference_app.services.statistics import StatisticsService
from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.statements import noted_statements

PATH = "/api/pipelines/statistics"
LIST = "/api/pipelines"


def create_many(client: FlaskClient, times: int) -> str:
    """Create pipelines; return the path of the last."""
    return [create(client).headers["Location"] for _ in range(times)][-1]


def test_empty(client: FlaskClient, auth: Auth) -> None:
    """Without pipelines everything is zero, and every status and day is there."""
    auth.login("alice")
    statistics = client.get(PATH).json
    assert (statistics["total"], statistics["per_owner"], len(statistics["per_day"])) == (0, [], 30)
    assert statistics["per_status"] == {"queued": 0, "running": 0, "success": 0, "failed": 0}


def test_counts(client: FlaskClient, auth: Auth) -> None:
    """Each pipeline counts once by status, once by owner, and once by day."""
    auth.login("alice")
    create_many(client, 1)
    auth.login("bob")
    change(client, create_many(client, 2), status="running")
    statistics = client.get(PATH).json
    assert statistics["total"] == 3
    assert statistics["per_status"] == {"queued": 2, "running": 1, "success": 0, "failed": 0}
    assert statistics["per_owner"] == [{"owner": "bob", "count": 2}, {"owner": "alice", "count": 1}]
    assert statistics["per_day"][-1] == {"day": datetime.now(UTC).date().isoformat(), "count": 3}


def test_days(backend: Backend, client: FlaskClient, auth: Auth) -> None:
    """Days begin and end at midnight UTC, whatever the time zone of the session; older ones are not listed."""
    auth.login("alice")
    create_many(client, 4)
    now = datetime(2026, 3, 10, 15, tzinfo=UTC)
    midnight = datetime(2026, 3, 9, tzinfo=UTC)
    moments = [midnight, midnight + timedelta(days=1, microseconds=-1), midnight - timedelta(microseconds=1), now]
    with backend.work() as work:
        for number, moment in enumerate(moments):
            values = {"moment": moment, "number": number}
            work.session.execute(
                text(
                    "UPDATE pipelines SET created_at = :moment"
                    " WHERE id = (SELECT id FROM pipelines ORDER BY id OFFSET :number LIMIT 1)"
                ),
                values,
            )
        work.session.execute(text("SET LOCAL TIME ZONE 'America/New_York'"))
        found = (
            StatisticsService(StatisticsRepository(Reader.of(work.session.connection())), lambda: now)
            .of_days(2)
            .per_day
        )
    assert [(each.day.isoformat(), each.count) for each in found] == [("2026-03-09", 2), ("2026-03-10", 1)]


@pytest.mark.parametrize("days", ["0", "367", "-1", "1.5", "x", "", "01"])
def test_bad_days(client: FlaskClient, auth: Auth, days: str) -> None:
    """Days are 1 to 366; anything else is a 422 that names the parameter."""
    auth.login("alice")
    response = client.get(f"{PATH}?days={days}")
    assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, "/days")


@pytest.mark.parametrize("days", [1, 366])
def test_most_days(client: FlaskClient, auth: Auth, days: int) -> None:
    """One entry for each day that was asked for, today included."""
    auth.login("alice")
    assert len(client.get(f"{PATH}?days={days}").json["per_day"]) == days


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_other_methods(client: FlaskClient, auth: Auth, method: str) -> None:
    """Statistics are no pipeline: other methods are a 405 that lists the right ones."""
    auth.login("alice")
    response = client.open(PATH, method=method, json={})
    assert (response.status_code, set(response.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})


def test_anonymous(client: FlaskClient) -> None:
    """Statistics are for users only."""
    assert client.get(PATH).status_code == 401


def test_statements(client: FlaskClient, auth: Auth) -> None:
    """More pipelines cause no more queries: three, and none on a hit.

    The fourth shortens the patience with Postgres, because an older answer can stand in.
    """
    auth.login("alice")
    numbers = []
    for times in (1, 1, 10):
        create_many(client, times)
        with noted_statements() as statements:
            client.get(PATH)
            client.get(PATH)
        numbers.append(len(statements))
    assert numbers == [3, 4, 4]


def test_read_and_list_statements(client: FlaskClient, auth: Auth) -> None:
    """A read and a list are one query each, and none from the cache."""
    auth.login("alice")
    path = create_many(client, 5)
    for wanted in (path, LIST):
        with noted_statements() as statements:
            assert [client.get(wanted).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
        assert len(statements) == 1
