"""`flask seed`: what it makes, that it adds only what is missing, and that it leaves nothing half-written."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select, text

from harness.guardian import GuardedProcess, Guardian
from harness.wait import wait_for
from reference_app.backend import Backend
from reference_app.models import Admin, DeploymentLog, Pipeline, Role
from reference_app.repositories.seed import SEED_LOCK
from reference_app.services import seed
from suites.integration.reference_app.calls import log_in
from suites.integration.reference_app.conftest import MakeApp
from suites.integration.reference_app.row_locks import row_locked, waiting

ROOT = Path(__file__).parents[3]


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Return what runs the application's commands."""
    return app.test_cli_runner()


def test_seed(runner: FlaskCliRunner, client: FlaskClient, backend: Backend) -> None:
    """Seeding makes the users and pipelines in every status; more asks for more only."""
    said = [runner.invoke(args=["seed", "--pipelines", number]).output for number in ("8", "8", "10")]
    assert said == ["added 8 pipelines\n", "added 0 pipelines\n", "added 2 pipelines\n"]
    assert [log_in(client, name, f"{name}-in-development") for name in ("alice", "bob", "admin")] == [200] * 3
    with backend.looking() as look:
        counts = look.statistics.by_status().values()
    assert sum(counts) == 10
    assert all(counts)


def test_seed_with_another_member(runner: FlaskCliRunner, client: FlaskClient, backend: Backend) -> None:
    """Who is asked for by name is added once, as a member after the others; a name that breaks a rule is refused."""
    arguments = ["seed", "--pipelines", "3", "--member", "carol"]
    assert [runner.invoke(args=arguments).exit_code for _ in range(2)] == [0, 0]
    assert log_in(client, "carol", "carol-in-development") == 200
    with backend.database.transaction() as session:
        accounts = session.execute(select(Admin.username, Admin.role).order_by(Admin.id)).all()
    assert [tuple(account) for account in accounts] == [
        ("alice", Role.MEMBER),
        ("bob", Role.MEMBER),
        ("admin", Role.ADMIN),
        ("carol", Role.MEMBER),
    ]
    refused = runner.invoke(args=["seed", "--member", "Dave"])
    assert (refused.exit_code, "a username has" in refused.output) == (2, True)


def test_seed_is_the_same(runner: FlaskCliRunner, client: FlaskClient) -> None:
    """What is seeded does not depend on when, but for its dates, the last of which is yesterday."""
    runner.invoke(args=["seed", "--pipelines", "3"])
    name = "bob"
    body = {"username": name, "password": f"{name}-in-development"}
    headers = {"Authorization": f"Bearer {client.post('/api/auth/login', json=body).json['token']}"}
    newest = client.get("/api/pipelines?limit=1", headers=headers).json["items"][0]
    assert tuple(newest[name] for name in ("name", "status", "owner", "run_id")) == (
        "deploy #2",
        "success",
        "admin",
        9_000_000_002,
    )
    third_day = datetime.now(UTC).date() - timedelta(days=seed.DAYS - 2)
    assert (newest["created_at"], newest["duration_s"]) == (f"{third_day}T00:00:00Z", 32.0)
    logs = client.get(f"/api/pipelines/{newest['id']}/logs", headers=headers).json["items"]
    assert [line["level"] for line in logs] == ["info", "debug", "warning"]


def test_seed_in_production(make_app: MakeApp) -> None:
    """In production the passwords for development are refused, and nothing is made."""
    app = make_app(app_env="production")
    result = app.test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 2
    assert "SEED_ADMIN_PASSWORD" in result.output
    assert log_in(app.test_client(), "admin", "admin-in-development") == 401


def test_another_member_in_production(make_app: MakeApp) -> None:
    """In production nobody gets a password that everybody can guess, whatever passwords the others have."""
    passwords = {f"seed_{name}_password": f"a-long-one-of-{name}" for name in ("alice", "bob", "admin")}
    app = make_app(app_env="production", **passwords)
    result = app.test_cli_runner().invoke(args=["seed", "--member", "carol"])
    assert (result.exit_code, "seed --member is refused" in result.output) == (2, True)
    assert log_in(app.test_client(), "carol", "carol-in-development") == 401


def test_mended(runner: FlaskCliRunner, backend: Backend) -> None:
    """What was deleted is made again, and what is there stays as it is."""
    runner.invoke(args=["seed", "--pipelines", "6"])
    with backend.database.transaction() as session:
        session.execute(text("UPDATE pipelines SET name = 'renamed' WHERE run_number = 1"))
        session.execute(text("DELETE FROM pipelines WHERE run_number = 3"))
    assert runner.invoke(args=["seed", "--pipelines", "6"]).output == "added 1 pipelines\n"
    with backend.database.transaction() as session:
        names = session.scalars(select(Pipeline.name).order_by(Pipeline.run_id)).all()
        assert names == ["renamed", "test #1", "deploy #2", "build #3", "test #4", "deploy #5"]
        assert session.scalar(select(func.count()).select_from(DeploymentLog)) == 6 * len(seed.LOG_LINES)


def test_many(runner: FlaskCliRunner, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many come in batches that are reported; the newest have logs; each day has every status, owner and branch."""
    monkeypatch.setattr(seed, "BATCH", 4_000)
    said = runner.invoke(args=["seed", "--pipelines", "9000"])
    assert said.stderr == "4,000 of 9,000 pipelines\n8,000 of 9,000 pipelines\n"
    assert said.stdout == "added 9000 pipelines\n"
    with backend.database.transaction() as session:
        logged = session.scalars(
            select(Pipeline.run_number).where(Pipeline.id.in_(select(DeploymentLog.pipeline_id))).order_by(Pipeline.id)
        ).all()
        assert list(range(9_000 - seed.LOGGED + 1, 9_001)) == list(logged)
        day = func.date_trunc("day", Pipeline.created_at)
        kinds = (Pipeline.status, Pipeline.owner_id, Pipeline.branch)
        variety = session.execute(select(*(func.count(kind.distinct()) for kind in kinds)).group_by(day)).all()
        assert [tuple(row) for row in variety] == [(4, 3, 5)] * seed.DAYS


def test_index_only_scans(runner: FlaskCliRunner, backend: Backend) -> None:
    """Afterwards Postgres knows that all rows are visible: counting by an index reads no table."""
    runner.invoke(args=["seed", "--pipelines", "3000"])
    counting = "EXPLAIN (ANALYZE, COSTS OFF) SELECT status, count(*) FROM pipelines GROUP BY status"
    with backend.database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(text(counting)))
    assert "Index Only Scan" in plan
    assert "Heap Fetches: 0" in plan


@pytest.fixture
def start(guardian: Guardian, database_url: str, redis_url: str, tmp_path: Path) -> Callable[[str], GuardedProcess]:
    """Return what starts `flask seed` as a process of its own."""

    def spawn(pipelines: str) -> GuardedProcess:
        urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "APP_ENV": "testing"}
        argv = [sys.executable, "-m", "flask", "--app", "reference_app", "seed", "--pipelines", pipelines]
        return guardian.spawn(argv, output=tmp_path / "log", cwd=ROOT, env=os.environ | urls)

    return spawn


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGKILL, -signal.SIGKILL)])
def test_interrupted(
    start: Callable[[str], GuardedProcess], backend: Backend, number: signal.Signals, code: int
) -> None:
    """Ctrl-C, or the death of the process, in the middle leaves neither pipelines nor accounts, and no traceback."""
    process = start("1000000")
    wait_for(lambda: "50,000 of 1,000,000" in process.last_output(), what="the first batch", timeout_s=60)
    process.send(number)
    assert code == process.wait(60)
    assert "Traceback" not in process.last_output()
    with backend.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Pipeline)) == 0
        assert session.scalar(select(func.count()).select_from(Admin)) == 0


def test_interrupted_while_waiting(start: Callable[[str], GuardedProcess], backend: Backend) -> None:
    """Ctrl-C also ends the wait for another who seeds, which has no other end."""
    with row_locked(backend, f"SELECT pg_advisory_xact_lock({SEED_LOCK})"):
        process = start("10")
        wait_for(lambda: waiting(backend), what="its turn is awaited", timeout_s=60)
        process.send(signal.SIGINT)
        assert process.wait(60) == 1
    assert process.last_output() == "\n    \n    Aborted!"
