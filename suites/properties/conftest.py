"""What the property tests stand on: the ladder of the integration tests, and several processes."""

from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient

from reference_app.backend import Backend
from reference_app.database import Database
from suites.integration.reference_app.conftest import (
    Auth,
    MakeApp,
    app,
    auth,
    backend,
    client,
    make_app,
    redis,
    serve,
    settings,
    start,
)

__all__ = ["app", "auth", "backend", "client", "make_app", "redis", "serve", "settings", "start"]

ClientOf = Callable[[Flask, str], FlaskClient]


@pytest.fixture
def database(backend: Backend) -> Database:
    """Return a migrated, empty database, without HTTP in between."""
    return backend.database


@pytest.fixture
def processes(app: Flask, make_app: MakeApp) -> Sequence[Flask]:
    """Return two applications over the same services, as two processes would have them."""
    return [app, make_app()]


@pytest.fixture
def client_of(auth: Auth) -> ClientOf:
    """Return what makes a client of an application whose user is logged in."""
    tokens: dict[str, str] = {}

    def make(app: Flask, name: str) -> FlaskClient:
        if name not in tokens:
            tokens[name] = auth.login(name)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens[name]}"
        return client

    return make
