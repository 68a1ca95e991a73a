"""Connections to Postgres: none waits for ever, a dead one is replaced before it is used, and all are counted."""

import select
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from reference_app.breaker import Breaker
from reference_app.interruption import Interruption, Obedient
from reference_app.metrics import Metrics

RV = TypeVar("RV")

ANSWER_MARGIN_S = 1.0
"""How long after its statement timeout Postgres may be silent before it counts as gone."""
LOOK_INTERVAL_S = 0.1
LONGEST_IDLE_S = 30.0
"""After so long a connection is asked whether it lives: something between may have forgotten it without a word."""
_USED_AT = "used_at_s"


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is given up when Postgres is silent for too long.

    `statement_timeout` only works while the server does, and TCP notices an unplugged peer, not one that is
    reachable and stuck. This is the client's own clock. Waiting is also where an expected Ctrl-C is obeyed: psycopg
    asks Postgres to stop then, and knows in what state it leaves the connection.
    """

    deadline_s: float
    breaker: Breaker
    """Told of silence, and of answers after one."""
    interruption: Interruption
    cursors: dict[str, psycopg.Cursor[Any]]
    """Those that `Reader` asks its queries in, by query."""

    def wait(self, gen: PQGen[RV], interval: float = LOOK_INTERVAL_S, timeout: float | None = None) -> RV:
        """Do as psycopg does within `deadline_s`; after that, close and raise `psycopg.OperationalError`."""
        timeout = self.deadline_s if timeout is None else timeout
        if self.interruption.is_expected:
            gen, timeout = Obedient(gen, self.interruption), self.interruption.shorten(timeout)
        try:
            answer = super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            is_silent = self.pgconn.transaction_status == TransactionStatus.ACTIVE  # the question is still open
            if is_silent:
                self.close()
            if is_silent or self.breaker.is_shut:
                self.breaker.failed()
            raise
        if self.breaker.is_shut:
            self.breaker.worked()
        return answer


def bound_connections(engine: Engine, deadline_s: float, breaker: Breaker, interruption: Interruption) -> None:
    """Give every connection of `engine` this deadline for each wait, and what may end it earlier.

    `breaker` is told when a wait was in vain. What Postgres refuses at once costs nobody a wait, and is no silence.
    """

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Dialect, _record: ConnectionPoolEntry, args: Any, kwargs: Any) -> BoundedConnection:
        try:
            connection: BoundedConnection = BoundedConnection.connect(*args, **kwargs)
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.ConnectionTimeout) or breaker.is_shut:
                breaker.failed()
            raise
        connection.deadline_s = deadline_s
        connection.breaker = breaker
        connection.interruption = interruption
        connection.cursors = {}
        return connection


def be_patient(connection: Connection, statement_timeout_s: float) -> None:
    """Let each statement of this connection take so long, on both sides."""
    connection.execute(text(f"SET statement_timeout = {int(statement_timeout_s * 1000)}"))
    driver: Any = connection.connection.driver_connection
    driver.deadline_s = statement_timeout_s + ANSWER_MARGIN_S


def check_stale_connections(engine: Engine) -> None:
    """Replace a connection that Postgres has closed meanwhile, without asking Postgres at each use.

    A server that restarts or ends a session says so, and closes: an idle connection with something to read is
    dead or deserves the question. That costs no round trip, where `pool_pre_ping` costs one for every request.
    """

    @event.listens_for(engine, "checkin")
    def returned(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        used_at_s = record.info.get(_USED_AT)
        if used_at_s is None:
            return
        if time.monotonic() - used_at_s < LONGEST_IDLE_S and not _has_news(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError("Postgres has closed this connection") from error  # the pool makes another


def count_connections(engine: Engine, metrics: Metrics) -> None:
    """Keep the gauge of open connections."""
    event.listen(engine, "connect", lambda *_: metrics.connections_open.inc())
    event.listen(engine, "close", lambda *_: metrics.connections_open.dec())
    event.listen(engine, "close_detached", lambda *_: metrics.connections_open.dec())


def _has_news(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
