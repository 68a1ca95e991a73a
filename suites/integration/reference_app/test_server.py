"""The application in gunicorn, as it is deployed: several processes, one truth, nothing left behind."""

import json
import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from harness.guardian import GuardedProcess
from harness.ports import free_port
from harness.wait import wait_for
from suites.integration.reference_app.server import Server


def requests_total(page: str) -> float:
    """Return how often /livez was answered with 200, as the metrics page tells."""
    found = re.search(r'http_requests_total\{method="GET",route="/livez",status="200"\} (\S+)', page)
    return float(found[1]) if found else 0.0


def page_alone(server: Server) -> str | None:
    """Return the metrics page, if no other request is in flight: a client has its answer before the server is done."""
    page = server.get("/metrics")[1]
    return page if "http_requests_in_flight 1.0" in page else None


def test_metrics_of_all_processes(serve: Callable[..., Server]) -> None:
    """Whichever process is asked, the page counts the requests of all of them."""
    server = serve(WEB_CONCURRENCY="2")
    for _ in range(40):
        assert server.get("/livez")[0] == 200
    pages = [server.get("/metrics")[1] for _ in range(10)]
    assert {40.0} == {requests_total(page) for page in pages}
    assert all("pipelines_readable 1.0" in page for page in pages)


def test_metrics_of_many_threads(serve: Callable[..., Server]) -> None:
    """So many requests of several threads to several processes are exactly so many in the metrics."""
    server = serve(WEB_CONCURRENCY="2")
    with ThreadPoolExecutor(8) as threads:
        assert {200} == {status for status, _ in threads.map(lambda _number: server.get("/livez"), range(200))}
    page = wait_for(lambda: page_alone(server), what="nothing else in flight", timeout_s=60)
    assert requests_total(page) == 200
    assert "database_connections_in_use 0.0" in page


def test_stop_drains(server: Server, database_url: str) -> None:
    """SIGTERM while a request waits for Postgres: it is answered 200, and then the server ends."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with ThreadPoolExecutor(1) as threads:
        with engine.connect() as connection, connection.begin():
            connection.execute(text("LOCK TABLE pipelines IN ACCESS EXCLUSIVE MODE"))
            slow = threads.submit(server.get, "/metrics")  # counts the pipelines
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            wait_for(lambda: connection.scalar(waiting), what="a request that waits", timeout_s=60)
            server.process.send(signal.SIGTERM)
            wait_for(lambda: "signal: term" in server.process.output.read_text(), what="the signal", timeout_s=60)
        status, page = slow.result()
    assert (status, "pipelines_readable 1.0" in page) == (200, True)
    assert server.process.wait(60) == 0


def test_stop(serve: Callable[..., Server]) -> None:
    """SIGTERM ends the server well, without a temporary file left."""
    server = serve(WEB_CONCURRENCY="2")
    assert not server.is_clean()
    assert server.process.stop(grace_s=60) == 0
    assert server.is_clean()


def test_killed_master(serve: Callable[..., Server]) -> None:
    """When the master is killed, its workers end by themselves and clean up."""
    server = serve(WEB_CONCURRENCY="2")
    assert not server.is_clean()
    os.kill(server.process.pid, signal.SIGKILL)
    wait_for(server.is_clean, what="no temporary file", timeout_s=60)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REDIS_URL", "nonsense", "must be a URL like redis://host:6379/0"),
        ("WEB_CONCURRENCY", "0", "must be a number, 1 or more"),
        ("WEB_THREADS", "many", "must be a number, 1 or more"),
    ],
)
def test_bad_settings(start: Callable[..., GuardedProcess], tmp_path: Path, name: str, value: str, said: str) -> None:
    """A bad environment ends the server before it listens, with one line and no traceback."""
    process = start(free_port(), **{name: value})
    assert process.wait(60) != 0
    assert (tmp_path / "log").read_text() == f"settings: {name}: {said}\n"


def test_one_line_for_each_request(server: Server, tmp_path: Path) -> None:
    """Of each request the log has one line, JSON like all the others."""
    server.headers["X-Request-ID"] = "trace-1234"
    server.get("/livez")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["event"] for line in lines if "trace-1234" in str(line)] == ["request"]
    assert "gunicorn.error" in {line["logger"] for line in lines}


def test_scheme_is_not_spoofed(serve: Callable[..., Server]) -> None:
    """Gunicorn itself, which believes proxies on its own machine by default, believes nobody here."""
    server = serve(FORCE_HTTPS="true")
    server.headers["X-Forwarded-Proto"] = "https"
    assert server.get("/api/pipelines")[0] == 403
