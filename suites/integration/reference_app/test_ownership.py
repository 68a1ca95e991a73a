"""Who may do what to whose pipeline."""

import pytest
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import ANY_VERSION, change, create
from suites.integration.reference_app.conftest import Auth

READS = [("GET", ""), ("GET", "/logs")]
CHANGES = [("PATCH", ""), ("POST", "/logs"), ("DELETE", "")]
BODIES = {("PATCH", ""): {"name": "changed"}, ("POST", "/logs"): {"message": "line"}}
CHANGED = {"PATCH": 200, "POST": 201, "DELETE": 204}


@pytest.fixture
def alices(client: FlaskClient, auth: Auth) -> str:
    """Return the path of a pipeline of alice's; nobody is logged in."""
    auth.login("alice")
    location = create(client, name="alice's").headers["Location"]
    auth.forget()
    return location


def send(client: FlaskClient, path: str, operation: tuple[str, str]) -> int:
    """Send the operation to the pipeline at `path`, and return the status."""
    method, rest = operation
    return client.open(path + rest, method=method, json=BODIES.get(operation), headers=ANY_VERSION).status_code


@pytest.mark.parametrize("name", ["alice", "bob", "admin"])
@pytest.mark.parametrize("operation", READS)
def test_all_read(client: FlaskClient, auth: Auth, alices: str, name: str, operation: tuple[str, str]) -> None:
    """Every user reads every pipeline."""
    auth.login(name)
    assert send(client, alices, operation) == 200


@pytest.mark.parametrize("name", ["alice", "admin"])
@pytest.mark.parametrize("operation", CHANGES)
def test_owner_and_admin_change(
    client: FlaskClient, auth: Auth, alices: str, name: str, operation: tuple[str, str]
) -> None:
    """The owner and admins change a pipeline."""
    auth.login(name)
    assert CHANGED[operation[0]] == send(client, alices, operation)


@pytest.mark.parametrize("operation", CHANGES)
def test_others_do_not(client: FlaskClient, auth: Auth, alices: str, operation: tuple[str, str]) -> None:
    """Another member's change is 403, and nothing happens."""
    auth.login("bob")
    before = client.get(alices).json
    assert send(client, alices, operation) == 403
    assert before == client.get(alices).json
    assert client.get(f"{alices}/logs").json["items"] == []


@pytest.mark.parametrize("operation", READS + CHANGES)
def test_nobody_without_login(client: FlaskClient, alices: str, operation: tuple[str, str]) -> None:
    """Without a session every operation is 401, whether or not the pipeline exists."""
    assert send(client, alices, operation) == 401
    assert send(client, "/api/pipelines/999", operation) == 401


def test_admin_is_not_the_owner(client: FlaskClient, auth: Auth, alices: str) -> None:
    """An admin's change leaves the pipeline with its owner."""
    auth.login("admin")
    assert change(client, alices, name="changed").json["owner"] == "alice"


def test_owner_cannot_be_sent(client: FlaskClient, auth: Auth, alices: str) -> None:
    """Nobody gives a pipeline to somebody else by naming them in a body."""
    auth.login("alice")
    assert change(client, alices, owner="bob").status_code == 422
    assert create(client, owner_id=2).status_code == 422
