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
