"""Alembic's entry point: connects, takes one lock against rival migrations, and runs the steps."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text

MIGRATION_LOCK = 7_204_311
"""Any number, the same for everyone who migrates this database."""


def _migrate() -> None:
    engine = create_engine(context.config.attributes["database_url"], poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transactional_ddl=True)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            context.run_migrations()


_migrate()
