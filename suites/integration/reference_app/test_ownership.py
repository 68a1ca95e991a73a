"""To whom a pipeline belongs, and that nobody changes it. Who may do what to it says `test_access.py`."""

import pytest
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import ANY_VERSION, change, create
from suites.integration.reference_app.conftest import Auth

OPERATIONS = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/logs"), ("POST", "/logs"), ("GET", "/logs/stream")]


@pytest.fixture
def alices(client: FlaskClient, auth: Auth) -> str:
    """Return the path of a pipeline of alice's; nobody is logged in."""
    auth.login("alice")
    location = create(client, name="alice's").headers["Location"]
    auth.forget()
    return location


def test_strangers_learn_nothing(client: FlaskClient, alices: str) -> None:
    """Without a session every operation is 401, whether or not the pipeline exists."""
    for path in (alices, "/api/pipelines/999"):
        for method, rest in OPERATIONS:
            assert client.open(path + rest, method=method, json={}, headers=ANY_VERSION).status_code == 401


def test_admin_is_not_the_owner(client: FlaskClient, auth: Auth, alices: str) -> None:
    """An admin's change leaves the pipeline with its owner."""
    auth.login("admin")
    assert change(client, alices, name="changed").json["owner"] == "alice"


def test_owner_cannot_be_sent(client: FlaskClient, auth: Auth, alices: str) -> None:
    """Nobody gives a pipeline to somebody else by naming them in a body."""
    auth.login("alice")
    assert change(client, alices, owner="bob").status_code == 422
    assert create(client, owner_id=2).status_code == 422
