"""Calls that many tests make, with the headers that they need."""

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ANY_VERSION = {"If-Match": "*"}


def new_key() -> dict[str, str]:
    """Return the header of a creating call that was never made before."""
    return {"Idempotency-Key": uuid4().hex}


def log_in(client: FlaskClient, username: str, password: str, **fields: str) -> int:
    """Return what a login is answered, without a session before it; the client goes on as it was."""
    body = {"username": username, "password": password, **fields}
    return client.post("/api/auth/login", json=body, headers={"Authorization": "none"}).status_code


def create(client: FlaskClient, **fields: Any) -> TestResponse:
    """Create a pipeline named "build", or as `fields` say."""
    return client.post("/api/pipelines", json={"name": "build", **fields}, headers=new_key())


def change(client: FlaskClient, path: str, **changes: Any) -> TestResponse:
    """Change the pipeline at `path`, whatever its version is."""
    return client.patch(path, json=changes, headers=ANY_VERSION)
