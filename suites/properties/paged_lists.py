"""The lists of the app that come in pages: how rows come to each, how they go, and in which order they are shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from suites.integration.reference_app.calls import create, new_key
from suites.integration.reference_app.conftest import password_of

NEW_USER = "asks-"
"""What the names of those who ask for an account begin with."""


@dataclass(frozen=True)
class PagedList:
    """A list: the table of its rows, which calls add and remove one, and how it is asked for.

    `path` may begin with something that the list is of, which `parent` makes. Without `go`, rows stay.
    """

    table: str
    path: str
    come: Callable[[FlaskClient, str], TestResponse]
    go: Callable[[FlaskClient, int], TestResponse] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    newest_first: bool = False
    examples: int = 8
    parent: Callable[[FlaskClient], str] = lambda _client: ""


def _ask_for_account(client: FlaskClient, _path: str = "") -> TestResponse:
    body = {"username": f"{NEW_USER}{uuid4().hex[:12]}", "password": password_of("who-asks")}
    return client.post("/api/registrations", json=body)


def _approve(client: FlaskClient, _path: str) -> TestResponse:
    _ask_for_account(client)
    pending = client.get("/api/registrations", query_string={"status": "pending"}).json["items"]
    return client.post(f"/api/registrations/{pending[0]['id']}/approval", json={})


def _new_pipeline(client: FlaskClient) -> str:
    return f"/api/pipelines/{create(client).json['id']}"


def _new_token(client: FlaskClient, path: str) -> TestResponse:
    body = {"name": "token", "scopes": ["pipelines:read"], "expires_in_days": 1}
    return client.post(path, json=body, headers=new_key())


LISTS = {
    "pipelines": PagedList(
        table="pipelines",
        path="/api/pipelines",
        examples=20,  # its place is a moment and an id, those of all others are ids
        come=lambda client, _path: create(client),
        go=lambda client, row: client.delete(f"/api/pipelines/{row}"),
        newest_first=True,
    ),
    "tokens": PagedList(
        table="api_tokens",
        path="/api/tokens",
        come=_new_token,
        go=lambda client, row: client.delete(f"/api/tokens/{row}"),
        newest_first=True,
    ),
    "audit events": PagedList(
        table="audit_events", path="/api/audit", come=lambda client, _path: create(client), newest_first=True
    ),
    "log lines": PagedList(
        table="deployment_logs",
        path="/logs",
        parent=_new_pipeline,
        come=lambda client, path: client.post(path, json={"message": "line"}, headers=new_key()),
    ),
    "requests that wait": PagedList(
        table="registration_requests",
        path="/api/registrations",
        query={"status": "pending"},
        come=_ask_for_account,
        go=lambda client, row: client.post(f"/api/registrations/{row}/rejection"),
    ),
    "users": PagedList(table="admins", path="/api/users", come=_approve),
}
