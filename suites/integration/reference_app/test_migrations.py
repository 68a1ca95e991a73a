"""The schema: migrations and models say the same."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from reference_app import migrations
from reference_app.database_url import with_driver
from reference_app.models import Base

TABLES = set(Base.metadata.tables)
DEFINITIONS = """
    SELECT conname, replace(pg_get_constraintdef(oid), :schema || '.', '') FROM pg_constraint
    WHERE connamespace = CAST(:schema AS regnamespace) AND conrelid <> 'public.alembic_version'::regclass
    UNION
    SELECT indexname, replace(indexdef, :schema || '.', '') FROM pg_indexes
    WHERE schemaname = :schema AND tablename <> 'alembic_version'
"""


@pytest.fixture
def url(database_url: str) -> str:
    """Return the database's URL as Alembic gets it."""
    return with_driver(database_url)


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """Yield a connection to the migrated database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_models_match(connection: Connection) -> None:
    """Autogenerate finds nothing to do: tables, columns, types, defaults, indexes."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, Base.metadata) == []


def test_constraints_match(connection: Connection) -> None:
    """Constraints and indexes that the models make are, word for word, those of the migration."""
    connection.execute(text("CREATE SCHEMA models"))
    Base.metadata.create_all(connection.execution_options(schema_translate_map={None: "models"}))
    migrated, modelled = (
        set(connection.execute(text(DEFINITIONS), {"schema": schema})) for schema in ("public", "models")
    )
    assert len(migrated) > 20
    assert migrated == modelled


def tables(url: str) -> set[str]:
    """Return the names of the tables, Alembic's own left out."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def test_down_and_up(url: str) -> None:
    """The schema goes down to nothing and up again."""
    migrations.downgrade(url)
    assert set() == tables(url)
    migrations.upgrade(url)
    assert tables(url) == TABLES


def test_up_again(url: str) -> None:
    """A migration of what is migrated does nothing."""
    migrations.upgrade(url)
    assert tables(url) == TABLES


FIRST_ROWS = """
    INSERT INTO admins (username, password_hash, role) VALUES ('alice', 'hash', 'member');
    INSERT INTO pipelines (name, status, owner_id, branch, run_id, started_at, completed_at, duration_s, created_at)
    SELECT 'build', 'success', id, 'main', 7, '2026-01-02', '2026-01-03', 86400, '2026-01-01' FROM admins;
    INSERT INTO deployment_logs (pipeline_id, level, message) SELECT id, 'error', 'It broke. ✗' FROM pipelines;
"""
OLD_ROWS = (
    "SELECT id, username, password_hash, role, active, created_at FROM admins",
    "SELECT id, name, status, owner_id, branch, run_id, started_at, completed_at, created_at FROM pipelines",
    "SELECT id, pipeline_id, level, message, timestamp FROM deployment_logs",
)
NEW_ROWS = """
    UPDATE pipelines SET version = 5, run_attempt = 2;
    UPDATE admins SET totp_nonce = 'n', totp_last_step = 9;
    INSERT INTO audit_events (action, outcome) VALUES ('pipeline.created', 'done');
    INSERT INTO api_tokens (owner_id, name, token_hash, scopes, expires_at)
    SELECT id, 'ci', 'hash', '{}', now() FROM admins;
"""


def run(url: str, *statements: str) -> list[list[tuple[object, ...]]]:
    """Return the rows that each of some statements gives, in one transaction."""
    engine = create_engine(url)
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        rows = [[tuple(row) for row in result] if result.returns_rows else [] for result in results]
    engine.dispose()
    return rows


def old_rows(url: str) -> list[list[tuple[object, ...]]]:
    """Return all that the first tables held, as 0001 knows it."""
    return run(url, *OLD_ROWS)


def test_rows_survive(url: str) -> None:
    """Rows written under 0001 live through upgrade and downgrade to the letter; new columns have their defaults."""
    migrations.downgrade(url, "0001")
    run(url, *FIRST_ROWS.split(";\n")[:-1])
    before = old_rows(url)
    assert [len(rows) for rows in before] == [1, 1, 1]
    migrations.upgrade(url)
    assert before == old_rows(url)
    new = run(url, "SELECT version, run_attempt FROM pipelines", "SELECT totp_nonce, totp_last_step FROM admins")
    assert new == [[(1, 1)], [(None, None)]]
    migrations.downgrade(url, "0001")
    assert before == old_rows(url)


def test_new_rows_go_with_their_tables(url: str) -> None:
    """A downgrade with rows in the new tables and columns works, takes those and leaves the others."""
    run(url, *FIRST_ROWS.split(";\n")[:-1], *NEW_ROWS.split(";\n")[:-1])
    before = old_rows(url)
    migrations.downgrade(url, "0001")
    assert before == old_rows(url)
