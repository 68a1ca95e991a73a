"""Lists of pipelines: pages and filters."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from reference_app.backend import Backend
from reference_app.models import PipelineStatus
from reference_app.repositories.pipeline_view import PipelineFilter
from suites.factories import AccountFactory, PipelineFactory
from suites.integration.reference_app.calls import create
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.statements import noted_statements


def names(response: Any) -> list[str]:
    """Return the names in a page."""
    return [item["name"] for item in response.json["items"]]


@pytest.fixture
def nine(client: FlaskClient, rows: Session) -> None:  # noqa: ARG001 - where the factories write to
    """Make nine pipelines, p0 to p8: every third is bob's, every second on develop, the first two run."""
    alice, bob = AccountFactory(username="alice"), AccountFactory(username="bob")
    for number in range(9):
        PipelineFactory(
            name=f"p{number}",
            owner=bob if number % 3 == 0 else alice,
            branch="develop" if number % 2 else "main",
            status=PipelineStatus.RUNNING if number < 2 else PipelineStatus.QUEUED,
        )
    Auth(client).login("alice")


@pytest.mark.usefixtures("nine")
@pytest.mark.parametrize("limit", [1, 2, 4, 8, 9, 10])
def test_pages(client: FlaskClient, limit: int) -> None:
    """Following the cursors gives everything once, newest first, in pages as asked."""
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        response = client.get("/api/pipelines", query_string={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        assert 0 < len(response.json["items"]) <= limit
        seen += names(response)
        cursor = response.json["next_cursor"]
    assert [f"p{number}" for number in reversed(range(9))] == seen


@pytest.mark.usefixtures("nine")
def test_page_holds_still(client: FlaskClient) -> None:
    """A pipeline that comes between two pages moves nothing on the second."""
    first = client.get("/api/pipelines?limit=3")
    create(client, name="new")
    second = client.get(f"/api/pipelines?limit=3&cursor={first.json['next_cursor']}")
    assert names(second) == ["p5", "p4", "p3"]


@pytest.mark.usefixtures("nine")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=running", ["p1", "p0"]),
        ("status=success", []),
        ("branch=develop", ["p7", "p5", "p3", "p1"]),
        ("owner=bob", ["p6", "p3", "p0"]),
        ("owner=nobody", []),
        ("owner=alice&branch=develop&status=queued", ["p7", "p5"]),
        ("owner=alice&branch=develop&limit=1", ["p7"]),
    ],
)
def test_filters(client: FlaskClient, query: str, expected: list[str]) -> None:
    """Filters narrow the list, all of them at once."""
    assert expected == names(client.get(f"/api/pipelines?{query}"))


def test_empty(client: FlaskClient, auth: Auth) -> None:
    """No pipelines are an empty page, and the last."""
    auth.login("alice")
    assert client.get("/api/pipelines").json == {"items": [], "next_cursor": None}


@pytest.fixture
def dated(client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """Make four pipelines of two workflows, one on each of the first days of 2026, at noon UTC."""
    auth.login("alice")
    for number in range(4):
        create(client, name=f"p{number}", workflow_name="deploy to production" if number % 2 else "build")
    with backend.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE pipelines SET created_at = timestamptz '2026-01-01T12:00Z' + (id - 1) * interval '1 day'")
        )


@pytest.mark.usefixtures("dated")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"workflow": "deploy to production"}, ["p3", "p1"]),
        ({"workflow": "nothing"}, []),
        ({"created_from": "2026-01-03T12:00:00Z"}, ["p3", "p2"]),
        ({"created_before": "2026-01-03T12:00:00Z"}, ["p1", "p0"]),
        ({"created_from": "2026-01-02T00:00:00Z", "created_before": "2026-01-04T00:00:00Z"}, ["p2", "p1"]),
        ({"created_from": "2026-01-03T14:00:00+02:00", "workflow": "build"}, ["p2"]),
        ({"created_before": "2026-01-03t12:00:00.000001z"}, ["p2", "p1", "p0"]),
        ({"created_from": "0001-01-01T00:00:00+14:00"}, ["p3", "p2", "p1", "p0"]),
        ({"created_from": "9999-12-31T23:59:59-12:00"}, []),
        ({"created_before": "0001-01-01T00:00:00.999999Z"}, []),
    ],
)
def test_workflow_and_time(client: FlaskClient, query: dict[str, str], expected: list[str]) -> None:
    """Lists narrow to a workflow and to a time, from its beginning to before its end, however far away."""
    assert expected == names(client.get("/api/pipelines", query_string=query))


@pytest.mark.parametrize(
    "wanted",
    [
        PipelineFilter(),
        PipelineFilter(created_before=datetime(2026, 1, 1, 0, 2, tzinfo=UTC)),
        PipelineFilter(status=PipelineStatus.QUEUED, created_before=datetime(2026, 1, 1, 0, 2, tzinfo=UTC)),
        PipelineFilter(workflow="build", created_from=datetime(2026, 1, 1, 0, 1, tzinfo=UTC)),
    ],
    ids=["all", "old", "old in a status", "of a workflow"],
)
def test_reads_little_more_than_it_shows(backend: Backend, rows: Session, wanted: PipelineFilter) -> None:
    """However many pipelines came before or after those on a page, an index leads Postgres to them, in their order."""
    owner = AccountFactory(username="alice")
    rows.commit()
    many = text("""
        INSERT INTO pipelines (name, status, owner_id, branch, workflow_name, created_at)
        SELECT 'many', 'queued', :owner, 'main', CASE number % 2 WHEN 0 THEN 'build' ELSE 'test' END,
            timestamptz '2026-01-01T00:00Z' + number * interval '1 second'
        FROM generate_series(1, 5000) AS number
    """)
    with backend.database.transaction() as session:
        session.execute(many, {"owner": owner.id})
    with backend.database.autocommit_engine.connect() as connection:
        connection.execute(text("ANALYZE pipelines"))
    plan = plan_of(backend, wanted, limit=20)
    assert sum(map(int, re.findall(r"Rows Removed by Filter: (\d+)", plan))) <= 3 * 20
    assert "Sort" not in plan
    assert "Seq Scan on pipelines" not in plan


def plan_of(backend: Backend, wanted: PipelineFilter, limit: int) -> str:
    """Return what Postgres did for this page."""
    with noted_statements() as statements, backend.looking() as look:
        look.pipelines.list_page(wanted, limit)
    values = {name: value for name, value in vars(wanted).items() if value is not None} | {"most": limit + 1}
    with backend.looking() as look:
        explained = look.reader.rows(f"EXPLAIN (ANALYZE) {statements[0]}", values)
    return "\n".join(line for row in explained for line in row.values())
