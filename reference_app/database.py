"""Postgres: one engine per process, made when first used, with a limit on every wait.

After a wait in vain one caller tries, and the others fail at once: a Postgres that is silent takes no thread from those
who can be answered without it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from reference_app.breaker import Breaker
from reference_app.database_connection import (
    ANSWER_MARGIN_S,
    bound_connections,
    check_stale_connections,
    count_connections,
)
from reference_app.interruption import Interruption
from reference_app.metrics import Metrics
from reference_app.reader import Reader
from reference_app.settings import Settings

Taken = TypeVar("Taken", Connection, PoolProxiedConnection)

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeoutError)
"""What is raised when Postgres does not answer, or not in time."""


class Database:
    """The connection pool and the transactions over it."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._metrics = metrics
        self._deadline_s = settings.database_statement_timeout_s + ANSWER_MARGIN_S
        # Looking is what most requests do, and what needs no BEGIN and COMMIT: so connections are made for it, and
        # a transaction changes one for its time.
        self.autocommit_engine = create_engine(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_use_lifo=True,  # the process behind the connection that was used last has everything at hand
            pool_timeout=settings.database_pool_timeout_s,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            connect_args=_connection_limits(settings),
            hide_parameters=True,  # an error's text goes to logs, and parameters may be hashes of secrets
        )
        metrics.connections_allowed.inc(settings.database_pool_size)
        longest_try_s = settings.database_connect_timeout_s + self._deadline_s
        self._breaker = Breaker(settings.database_retry_s, turn_s=longest_try_s)
        self.interruption = Interruption()
        bound_connections(self.autocommit_engine, self._deadline_s, self._breaker, self.interruption)
        check_stale_connections(self.autocommit_engine)
        count_connections(self.autocommit_engine, metrics)
        self.engine = self.autocommit_engine.execution_options(isolation_level="READ COMMITTED")
        # Rows stay readable after commit: the response is made from them.
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self, statement_timeout_s: float | None = None) -> Iterator[Session]:
        """Give a session that commits at the end, or rolls back when an error passes.

        `statement_timeout_s` replaces the configured one: shorter where something can stand in for the answer,
        longer for a bulk load.
        """
        with self.sessions.begin() as session, self._counted(session.connection):
            if statement_timeout_s is None:
                yield session
                return
            with self._patience(session.connection(), statement_timeout_s):
                yield session
                session.flush()

    @contextmanager
    def reading(self, statement_timeout_s: float | None = None) -> Iterator[Reader]:
        """Give what asks queries: each sees what is committed, as in `transaction`, in one round trip.

        A transaction would add one for BEGIN and one for COMMIT, and at Postgres's default isolation level
        each statement has a snapshot of its own anyway. A time limit of its own needs a transaction.
        """
        if statement_timeout_s is None:
            with self._counted(self._take) as pooled, closing(pooled):
                yield Reader(pooled, pooled.invalidate)
            return
        with (
            self._counted(self.engine.connect) as connection,
            connection,
            self._patience(connection, statement_timeout_s),
        ):
            yield Reader.of(connection)

    def ping(self) -> None:
        """Ask Postgres for an answer; raises what SQLAlchemy raises when there is none."""
        self._refuse_out_of_turn()
        with self.autocommit_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def _refuse_out_of_turn(self) -> None:
        """Raise `OperationalError` at once when Postgres was silent a moment ago, unless it is this caller's turn."""
        if not self._breaker.may_try():
            error = psycopg.OperationalError("Postgres did not answer a moment ago")
            raise OperationalError("connect", None, error) from error

    def _take(self) -> PoolProxiedConnection:
        """Take a connection from the pool, past SQLAlchemy's own kind, with the errors that those have."""
        try:
            return self.autocommit_engine.pool.connect()
        except psycopg.OperationalError as error:
            raise OperationalError("connect", None, error) from error

    @contextmanager
    def _counted(self, connect: Callable[[], Taken]) -> Iterator[Taken]:
        """Take a connection now, so that the wait for it can be measured, and count it."""
        self._refuse_out_of_turn()
        started_s = time.perf_counter()
        try:
            connection = connect()
        except PoolTimeoutError:
            self._metrics.connection_timeouts.inc()
            raise
        finally:
            self._metrics.connection_waits_s.observe(time.perf_counter() - started_s)
        self._metrics.connections_in_use.inc()
        try:
            yield connection
        finally:
            self._metrics.connections_in_use.dec()

    @contextmanager
    def _patience(self, connection: Connection, statement_timeout_s: float) -> Iterator[None]:
        """Let statements of this transaction take so long, on both sides of the connection."""
        driver: Any = connection.connection.driver_connection
        driver.deadline_s = statement_timeout_s + ANSWER_MARGIN_S  # for the question that says so, too
        try:
            connection.execute(text(f"SET LOCAL statement_timeout = {int(statement_timeout_s * 1000)}"))
            yield
        finally:
            driver.deadline_s = self._deadline_s


def _connection_limits(settings: Settings) -> dict[str, str | int]:
    statement_ms = int(settings.database_statement_timeout_s * 1000)
    return {
        "connect_timeout": settings.database_connect_timeout_s,
        "options": f"-c statement_timeout={statement_ms} -c lock_timeout={statement_ms}",
        "tcp_user_timeout": statement_ms * 2,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "application_name": "reference_app",
    }
