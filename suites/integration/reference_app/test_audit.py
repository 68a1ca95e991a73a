"""The audit trail, as admins read it."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from harness.wait import wait_for
from reference_app.backend import Backend
from reference_app.models import AuditEvent
from reference_app.repositories.audit_event import AuditPosition
from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
OPEN = {"login.login", "registrations.request_account"}
"""What changes something and asks for nobody."""
USERS = [(None, "user.created", "done")] * 3


def actions(response: Any) -> list[str]:
    """Return the actions in a page."""
    return [event["action"] for event in response.json["items"]]


@pytest.fixture
def story(client: FlaskClient, auth: Auth) -> str:
    """Let alice make and change a pipeline, bob try to delete it, and admin delete it; return its path."""
    auth.login("alice")
    path = create(client).headers["Location"]
    client.post(f"{path}/logs", json={"message": "line"})
    change(client, path, name="other", branch="main", status="running")
    auth.login("bob")
    client.delete(path)
    auth.login("admin")
    client.delete(path)
    return path


def test_story(client: FlaskClient, story: str) -> None:
    """Every change and every denial is an event: who, what, from where, in which request."""
    events = client.get("/api/audit").json["items"]
    assert [(event["actor"], event["action"], event["outcome"]) for event in reversed(events)] == [
        *USERS,
        ("alice", "session.started", "done"),
        ("alice", "pipeline.created", "done"),
        ("alice", "log.appended", "done"),
        ("alice", "pipeline.updated", "done"),
        ("bob", "session.started", "done"),
        ("bob", "pipelines.delete_pipeline", "denied"),
        ("admin", "session.started", "done"),
        ("admin", "pipeline.deleted", "done"),
    ]
    (updated,) = (event for event in events if event["action"] == "pipeline.updated")
    assert (updated["details"], updated["object_kind"]) == ({"changed": ["name", "status"]}, "pipeline")
    assert story == f"/api/pipelines/{updated['object_id']}"
    assert all(event["address"] == "127.0.0.1" and event["request_id"] for event in events[: -len(USERS)])


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=alice", ["pipeline.updated", "log.appended", "pipeline.created", "session.started"]),
        ("actor=nobody", []),
        ("action=pipeline.updated", ["pipeline.updated"]),
        ("outcome=denied", ["pipelines.delete_pipeline"]),
        ("outcome=denied&actor=alice", []),
        ("object_kind=admin", []),
        ("object_kind=pipeline&object_id=9007199254740991", []),
        ("object_kind=pipeline&actor=admin", ["pipeline.deleted"]),
    ],
)
def test_filters(client: FlaskClient, query: str, expected: list[str]) -> None:
    """Filters narrow the list, all of them at once."""
    assert expected == actions(client.get(f"/api/audit?{query}"))


def test_object(client: FlaskClient, story: str) -> None:
    """The events of one object are found by its kind and id."""
    query = {"object_kind": "pipeline", "object_id": story.rpartition("/")[2]}
    assert len(actions(client.get("/api/audit", query_string=query))) == 4


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("limit", [1, 2, 11, 12])
def test_pages(client: FlaskClient, limit: int) -> None:
    """Following the cursors gives every event once, newest first."""
    seen: list[int] = []
    cursor = None
    while cursor or not seen:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/audit", query_string=query).json
        seen += [event["id"] for event in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == 11
    assert sorted(seen, reverse=True) == seen


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("actor=Alice", "/actor"),
        ("action=%00", "/action"),
        ("action=" + "a" * 65, "/action"),
        ("outcome=maybe", "/outcome"),
        ("object_kind=Pipeline", "/object_kind"),
        ("object_id=0", "/object_id"),
        ("object_id=" + "9" * 30, "/object_id"),
        ("object_id=1&object_id=2", "/object_id"),
        ("cursor=x", "/cursor"),
        ("since=1", "/since"),
    ],
    ids=lambda value: value[:30],
)
def test_bad_query(client: FlaskClient, auth: Auth, query: str, pointer: str) -> None:
    """A query that breaks a rule is 422 and names the parameter."""
    auth.login("admin")
    response = client.get(f"/api/audit?{query}")
    assert response.status_code == 422
    assert [("query", pointer)] == [(error["part"], error["pointer"]) for error in response.json["errors"]]


def test_what_commits_late_is_not_missed(backend: Backend) -> None:
    """A reader who follows along sees an event only when none can come before it any more."""
    seen: list[str] = []
    position = AuditPosition()

    def follow() -> None:
        nonlocal position
        with backend.work() as work:
            rows = work.audit_log.list_settled(position)
        if rows:
            position = AuditPosition(rows[-1].transaction_id, rows[-1].id)
        seen.extend(row.action for row in rows)

    with backend.database.transaction() as slow:
        slow.add(AuditEvent(action="slow.first", outcome="done"))
        slow.flush()
        with backend.work() as quick:
            quick.audit.done(None, "quick.second")
        follow()
        assert seen == []
        slow.add(AuditEvent(action="slow.third", outcome="done"))

    def has_seen_all() -> bool:
        follow()
        return len(seen) >= 3

    # Transactions of other tests, in other databases of the same Postgres, hold readers back too.
    wait_for(has_seen_all, what="the settled events", timeout_s=60)
    follow()
    assert seen == ["slow.first", "slow.third", "quick.second"]


def test_every_changing_route_records_denials(app: Flask, client: FlaskClient, auth: Auth) -> None:
    """Whatever changes something refuses and records whoever is not known."""
    auth.login("admin")
    before = len(actions(client.get("/api/audit?outcome=denied&limit=100")))
    refused = 0
    anonymous = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in CHANGING & (rule.methods or set()):
            if rule.endpoint in OPEN:
                continue
            path = re.sub("<[a-z_]+>", "1", rule.rule)
            assert anonymous.open(path, method=method).status_code == 401, f"{method} {path}"
            refused += 1
    assert refused >= 15
    assert refused == len(actions(client.get("/api/audit?outcome=denied&limit=100"))) - before
