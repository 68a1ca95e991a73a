"""No route asks Postgres more often when there is more to tell."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from reference_app.backend import Backend
from reference_app.models import Admin, AuditEvent, DeploymentLog, LogLevel, Pipeline, PipelineStatus, Role
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.statements import noted_statements

FEW, MANY = 10, 300
NO_ANSWER_ENDS = "/stream"
"""Streams ask again and again; what they ask each time is what the lists ask."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings without a cache: what it answers asks Postgres nothing."""
    return settings.model_copy(update={"cache_type": "null"})


def add_rows(backend: Backend, numbers: range) -> None:
    """Add pipelines, each of an owner of its own, with log lines of the first one and audit events."""
    with backend.database.transaction() as session:
        owners = [
            Admin(username=f"owner-{number}", password_hash="-", role=Role.MEMBER, active=False) for number in numbers
        ]
        session.add_all(owners)
        session.flush()
        session.add_all(
            Pipeline(name=f"p{number}", owner_id=owner.id, branch="main", status=PipelineStatus.QUEUED)
            for number, owner in zip(numbers, owners, strict=True)
        )
        session.flush()
        session.add_all(DeploymentLog(pipeline_id=1, level=LogLevel.INFO, message=f"line {n}") for n in numbers)
        session.add_all(AuditEvent(action="row.added", outcome="done", actor="alice") for _ in numbers)


def paths(app: Flask) -> list[str]:
    """Return the path of every route that answers GET and comes to an end, ids being 1, lists as long as they get."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())]
    filled = [
        "/".join("1" if part.startswith("<") else part for part in rule.rule.split("/"))
        for rule in rules
        if not rule.rule.endswith(NO_ANSWER_ENDS) and "<path:" not in rule.rule
    ]
    assert "/api/pipelines/1/logs" in filled
    return filled


def statements_by_path(client: FlaskClient, every: list[str]) -> dict[str, int]:
    """Return how many statements each path takes, with the longest page where it knows pages."""
    counts = {}
    for path in every:
        with noted_statements() as statements:
            response = client.get(f"{path}?limit=100", buffered=True)
            if response.status_code == 422:
                statements.clear()
                response = client.get(path, buffered=True)
        assert response.status_code < 500, path
        counts[path] = len(statements)
    return counts


def test_statements_do_not_grow(app: Flask, client: FlaskClient, auth: Auth, backend: Backend) -> None:
    """Every GET route sends as many statements for 300 rows as for 10."""
    auth.login("admin")
    add_rows(backend, range(FEW))
    every = paths(app)
    statements_by_path(client, every)  # what only the first request asks
    few = statements_by_path(client, every)
    add_rows(backend, range(FEW, MANY))
    many = statements_by_path(client, every)
    assert few == many
    assert few["/api/pipelines"] >= 1
    assert len(client.get("/api/pipelines?limit=100").json["items"]) == 100
