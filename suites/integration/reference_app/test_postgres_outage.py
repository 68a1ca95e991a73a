"""Postgres down, silent, slow, restarted, or out of connections: an answer within bounds, and recovery by itself."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from harness.ports import LOOPBACK
from harness.wait import wait_for
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from suites.integration.reference_app.conftest import PATIENCE_S, Auth, MakeApp
from suites.integration.reference_app.test_metrics import metric

LIST = "/api/pipelines"


class Wire:
    """A TCP proxy in front of Postgres, which can fall silent without closing anything, and cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: list[socket.socket] = []
        self.flows = threading.Event()
        self.flows.set()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection."""
        for each in self._sockets:
            with suppress(OSError):  # it may be closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop for good."""
        self._listener.close()
        self.flows.set()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.flows.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    """Yield a wire to this test's Postgres."""
    parts = urlsplit(database_url)
    with closing(Wire(parts.hostname or LOOPBACK, parts.port or 5432)) as wire:
        yield wire


@pytest.fixture
def start(make_app: MakeApp, auth: Auth, database_url: str) -> Callable[..., FlaskClient]:
    """Return what makes a client of an application with settings of its own; alice is logged in."""
    token = auth.login("alice")

    def make(port: int | None = None, **changes: object) -> FlaskClient:
        parts = urlsplit(database_url)
        place = f"{parts.netloc.rpartition(':')[0]}:{port or parts.port}"
        url = SecretStr(urlunsplit(parts._replace(netloc=place)).replace("postgresql://", "postgresql+psycopg://"))
        client = make_app(database_url=url, cache_type="null", **changes).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


def test_silent_connection(start: Callable[..., FlaskClient], wire: Wire) -> None:
    """A connection that falls silent after it was made is given up within the deadline: 503, then recovery."""
    client = start(wire.port, database_statement_timeout_s=0.3, database_connect_timeout_s=2)
    wait_for(lambda: client.get(LIST).status_code == 200, what="an answer", timeout_s=60)
    wire.flows.clear()
    started_s = time.monotonic()
    response = client.get(LIST)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert time.monotonic() - started_s < PATIENCE_S
    assert client.get("/readyz").status_code == 503
    wire.flows.set()
    wait_for(lambda: client.get(LIST).status_code == 200, what="an answer", timeout_s=60)
    wait_for(lambda: client.get("/readyz").status_code == 200, what="readiness", timeout_s=60)


def test_silence_is_remembered(start: Callable[..., FlaskClient], wire: Wire) -> None:
    """After one wait in vain nobody waits for Postgres, not even for a connection, until somebody's turn to try."""
    client = start(wire.port, database_statement_timeout_s=0.3, database_connect_timeout_s=2, database_retry_s=3600)
    wait_for(lambda: client.get(LIST).status_code == 200, what="an answer", timeout_s=60)
    wire.flows.clear()
    assert client.get(LIST).status_code == 503
    waits = metric(client, "database_connection_wait_seconds_count")
    del client.environ_base["HTTP_AUTHORIZATION"]
    assert [client.get(path).status_code for path in (LIST, "/readyz", "/livez")] == [401, 503, 200]
    wire.flows.set()
    assert client.get("/readyz").status_code == 503
    assert waits == metric(client, "database_connection_wait_seconds_count")


def test_cut_connection(start: Callable[..., FlaskClient], wire: Wire) -> None:
    """Connections that were closed while idle, as a restarted Postgres does, cost nobody an error."""
    client = start(wire.port)
    assert client.get(LIST).status_code == 200
    wire.cut()
    assert client.get(LIST).status_code == 200


def test_ended_session(start: Callable[..., FlaskClient], database_url: str) -> None:
    """A session that Postgres ended costs nobody an error either."""
    client = start()
    assert client.get(LIST).status_code == 200
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        ended = connection.scalar(
            text(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'reference_app'"
            )
        )
    engine.dispose()
    assert ended >= 1
    assert client.get(LIST).status_code == 200


def test_slow_query(start: Callable[..., FlaskClient], backend: Backend) -> None:
    """A query that waits for a lock ends with its statement timeout, as a 503."""
    client = start(database_statement_timeout_s=0.3)
    with backend.database.engine.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE pipelines IN ACCESS EXCLUSIVE MODE"))
        assert client.get(LIST).status_code == 503
    wait_for(lambda: client.get(LIST).status_code == 200, what="an answer", timeout_s=60)


def test_no_connection_left(start: Callable[..., FlaskClient]) -> None:
    """When all connections are in use, a request waits `database_pool_timeout_s` and is a 503; metrics tell."""
    client = start(database_pool_size=1, database_pool_timeout_s=0.2)
    own: Backend = client.application.extensions[EXTENSION]
    with own.work(), ThreadPoolExecutor(1) as threads:
        assert threads.submit(client.get, LIST).result().status_code == 503
        values = {name: metric(client, f"database_connections_{name}") for name in ("in_use", "open", "allowed")}
    assert values == {"in_use": 1, "open": 1, "allowed": 1}
    assert metric(client, "database_connections_in_use") == 0
    assert metric(client, "database_connection_timeouts_total") >= 1
    assert metric(client, "database_connection_wait_seconds_count") >= 2


def test_patience_is_per_transaction(backend: Backend) -> None:
    """A transaction may have a statement timeout of its own, shorter or longer; the next has the usual again."""
    with pytest.raises(OperationalError, match="statement timeout"), backend.work(statement_timeout_s=0.1) as work:
        work.session.execute(text("SELECT pg_sleep(5)"))
    with backend.work(statement_timeout_s=2 * PATIENCE_S) as work:
        assert work.session.scalar(text("SHOW statement_timeout")) == "2min"
    with backend.work() as work:
        assert work.session.scalar(text("SHOW statement_timeout")) == "1min"
    with backend.looking() as look:
        assert look.reader.rows("SHOW statement_timeout") == [{"statement_timeout": "1min"}]


def test_hurry_is_of_all_statements(backend: Backend) -> None:
    """Who has little time waits no longer for the statement that tells Postgres so: a silent one is found out by it."""
    waits_s = []

    @event.listens_for(backend.database.engine, "before_cursor_execute")
    def note(_connection: Any, cursor: Any, *_details: object) -> None:
        waits_s.append(cursor.connection.deadline_s)

    with backend.looking(statement_timeout_s=20) as look:
        assert look.reader.driver.deadline_s == waits_s[-1] == 21


def test_looking_is_one_round_trip(backend: Backend) -> None:
    """What only looks opens no transaction in Postgres."""
    with backend.looking() as look:
        look.reader.rows("SELECT 1")
        assert look.reader.driver.info.transaction_status.name == "IDLE"
