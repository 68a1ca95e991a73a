"""Commands: migrate, create-admin, and how all of them tell what is wrong; test_seed.py has more of seed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from pydantic import SecretStr

from harness.ports import LOOPBACK, free_port
from reference_app import create_app, migrations
from reference_app.settings import Settings


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Return what runs the application's commands."""
    return app.test_cli_runner()


def login(client: FlaskClient, username: str, password: str) -> int:
    """Return the status of a login."""
    return client.post("/api/auth/login", json={"username": username, "password": password}).status_code


def test_migrate(runner: FlaskCliRunner, settings: Settings, client: FlaskClient) -> None:
    """An empty database is ready after migrate, and migrate may run again."""
    migrations.downgrade(settings.database_url.get_secret_value())
    assert [runner.invoke(args=["migrate"]).exit_code for _ in range(2)] == [0, 0]
    assert login(client, "alice", "nobody-has-this-one") == 401


def test_create_admin(runner: FlaskCliRunner, client: FlaskClient) -> None:
    """The new account logs in with the role that was asked for."""
    arguments = ["create-admin", "carol", "--role", "member", "--password", "carols-password"]
    result = runner.invoke(args=arguments)
    assert (result.exit_code, result.output) == (0, "created member carol\n")
    assert login(client, "carol", "carols-password") == 200
    assert ((again := runner.invoke(args=arguments)).exit_code, "carol is taken" in again.output) == (2, True)


@pytest.mark.parametrize(
    ("username", "password", "said"),
    [("Carol", "long-enough", "a username has"), ("carol", "short", "a password has")],
)
def test_bad_account(runner: FlaskCliRunner, username: str, password: str, said: str) -> None:
    """An account that breaks a rule is refused with the rule."""
    result = runner.invoke(args=["create-admin", username, "--password", password])
    assert result.exit_code == 2
    assert said in result.output


COMMANDS = [["migrate"], ["create-admin", "carol", "--password", "carols-password"], ["seed"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_postgres_down(settings: Settings, arguments: list[str]) -> None:
    """Without Postgres a command ends with code 3 and one line that says so, without the password."""
    url = SecretStr(f"postgresql+psycopg://carol:hunter2@{LOOPBACK}:{free_port()}/none")
    app = create_app(settings.model_copy(update={"database_url": url}))
    result = app.test_cli_runner().invoke(args=arguments)
    assert (result.exit_code, result.output.count("\n")) == (3, 1)
    assert "Connection refused" in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize("arguments", COMMANDS[1:], ids=lambda arguments: arguments[0])
def test_not_migrated(runner: FlaskCliRunner, settings: Settings, arguments: list[str]) -> None:
    """Without the tables a command ends with code 3 and names the remedy."""
    migrations.downgrade(settings.database_url.get_secret_value())
    result = runner.invoke(args=arguments)
    assert (result.exit_code, result.output.count("\n")) == (3, 1)
    assert "run migrate" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["seed", "--pipelines", "many"], "'many' is not a valid integer"),
        (["seed", "--pipelines", "-1"], "-1 is not in the range"),
        (["seed", "--pipelines", "1000001"], "1000001 is not in the range"),
        (["seed", "--pipeline", "1"], "No such option"),
        (["create-admin"], "Missing argument 'USERNAME'"),
        (["create-admin", "carol", "--role", "root"], "'root' is not one of 'admin', 'member'"),
        (["migrate", "everything"], "unexpected extra argument"),
    ],
    ids=" ".join,
)
def test_bad_input(runner: FlaskCliRunner, arguments: list[str], said: str) -> None:
    """A wrong option or argument is told in one line, with code 2."""
    result = runner.invoke(args=arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert said in result.output
