"""Postgres: one engine per process, made when first used, with a limit on every wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from reference_app.settings import Settings


class Database:
    """The connection pool and the transactions over it."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_engine(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=settings.database_pool_timeout_s,
            pool_pre_ping=True,  # a restarted Postgres costs nobody an error
            connect_args=_connection_limits(settings),
            hide_parameters=True,  # an error's text goes to logs, and parameters may be hashes of secrets
        )
        # Rows stay readable after commit: the response is made from them.
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits at the end, or rolls back when an error passes."""
        with self._sessions.begin() as session:
            yield session

    def ping(self) -> None:
        """Ask Postgres for an answer; raises what SQLAlchemy raises when there is none."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))


def _connection_limits(settings: Settings) -> dict[str, str | int]:
    statement_ms = int(settings.database_statement_timeout_s * 1000)
    return {
        "connect_timeout": settings.database_connect_timeout_s,
        "options": f"-c statement_timeout={statement_ms} -c lock_timeout={statement_ms}",
        "tcp_user_timeout": statement_ms * 2,
        "keepalives_idle": 10,
        "application_name": "reference_app",
    }
