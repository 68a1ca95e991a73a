"""Commands: migrate, create-admin, seed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from reference_app import create_app, migrations
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
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


def test_seed(runner: FlaskCliRunner, client: FlaskClient, backend: Backend) -> None:
    """Seeding makes the users and pipelines in every status; more asks for more only."""
    said = [runner.invoke(args=["seed", "--pipelines", number]).output for number in ("8", "8", "10")]
    assert said == ["added 8 pipelines\n", "added 0 pipelines\n", "added 2 pipelines\n"]
    assert [login(client, name, f"{name}-in-development") for name in ("alice", "bob", "admin")] == [200] * 3
    with backend.work() as work:
        assert sum(work.statistics.by_status().values()) == 10
        assert all(work.statistics.by_status().values())


def test_seed_is_the_same(runner: FlaskCliRunner, client: FlaskClient) -> None:
    """What is seeded does not depend on when, but for the moment of its making."""
    runner.invoke(args=["seed", "--pipelines", "3"])
    body = {"username": "alice", "password": "alice-in-development"}
    headers = {"Authorization": f"Bearer {client.post('/api/auth/login', json=body).json['token']}"}
    newest = client.get("/api/pipelines?limit=1", headers=headers).json["items"][0]
    assert tuple(newest[name] for name in ("name", "status", "owner", "run_id")) == (
        "deploy #2",
        "success",
        "admin",
        9_000_000_002,
    )
    assert (newest["started_at"], newest["duration_s"]) == ("2026-01-01T00:02:00Z", 32.0)
    logs = client.get(f"/api/pipelines/{newest['id']}/logs", headers=headers).json["items"]
    assert [line["level"] for line in logs] == ["info", "debug", "warning"]


def test_seed_in_production(settings: Settings) -> None:
    """In production the passwords for development are refused, and nothing is made."""
    app = create_app(settings.model_copy(update={"app_env": "production"}))
    result = app.test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 2
    assert "SEED_ADMIN_PASSWORD" in result.output
    assert login(app.test_client(), "admin", "admin-in-development") == 401
    app.extensions[EXTENSION].close()


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
