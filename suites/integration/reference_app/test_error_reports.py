"""Unexpected errors arrive at Sentry's ingest endpoint, of which there is a stand-in here, without any secret."""

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.ports import LOOPBACK
from harness.wait import wait_for
from reference_app import migrations
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.server import Server

ROOT = Path(__file__).parents[3]


class Ingest(ThreadingHTTPServer):
    """What Sentry's endpoint does with an envelope: reads it, and answers once `answers` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), IngestHandler)
        self.answers = threading.Event()
        self.received: list[str] = []
        self.dsn = f"http://public-key@{LOOPBACK}:{self.server_port}/1"

    def events(self) -> list[dict[str, Any]]:
        """Return the error events of all envelopes."""
        parsed = [[json.loads(line) for line in envelope.splitlines()] for envelope in self.received]
        return [lines[2] for lines in parsed if lines[1]["type"] == "event"]


class IngestHandler(BaseHTTPRequestHandler):
    """Takes envelopes."""

    server: Ingest

    def do_POST(self) -> None:
        """Note what came, and answer when that is wanted."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # The SDK takes Brotli where it finds it installed.
        compression = importlib.import_module({"gzip": "gzip", "br": "brotli"}[self.headers["Content-Encoding"]])
        self.server.received.append(compression.decompress(body).decode())
        self.server.answers.wait(60)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    """Yield a stand-in that answers."""
    with Ingest() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        server.answers.set()
        yield server
        server.answers.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def broken(serve: Callable[..., Server], ingest: Ingest, auth: Auth, settings: Settings) -> Server:
    """Return a server that reports, whose schema is gone: what needs a table ends in an unexpected error."""
    server = serve(SENTRY_DSN=ingest.dsn)
    server.headers["Authorization"] = f"Bearer {auth.login('alice')}"
    migrations.downgrade(settings.database_url.get_secret_value())
    return server


def test_report(broken: Server, ingest: Ingest) -> None:
    """A report has the error with its place in the code, the request's id and route, release and environment."""
    status, body = broken.get("/api/pipelines/7")
    assert status == 500
    (event,) = wait_for(ingest.events, what="a report", timeout_s=60)
    assert event["tags"]["request_id"] == json.loads(body)["request_id"]
    assert (event["transaction"], event["release"], event["environment"]) == (
        "/api/pipelines/<pipeline_id>",
        "reference-app@1.0.0",
        "testing",
    )
    assert event["request"] == {"method": "GET", "url": f"{broken.base_url}/api/pipelines/7"}
    error = event["exception"]["values"][-1]
    assert error["type"] == "UndefinedTable"
    assert "get" in [frame["function"] for frame in error["stacktrace"]["frames"]]


def test_no_secrets(broken: Server, ingest: Ingest) -> None:
    """Neither token, password, cookie, query nor any local variable is in a report."""
    token = broken.headers["Authorization"].removeprefix("Bearer ")
    broken.headers["Cookie"] = "session=cookie-secret"
    assert broken.get("/api/pipelines?branch=query-secret")[0] == 500
    login = json.dumps({"username": "alice", "password": "alice-has-a-password"}).encode()
    assert broken.post("/api/auth/login", login)[0] == 500
    wait_for(lambda: len(ingest.events()) == 2, what="both reports", timeout_s=60)
    secrets = (token, "alice-has-a-password", "cookie-secret", "query-secret", '"vars"')
    assert [secret for secret in secrets if any(secret in envelope for envelope in ingest.received)] == []


def test_only_the_unexpected(broken: Server, ingest: Ingest) -> None:
    """What clients do wrong is not reported, and what is on its way when the server stops still arrives."""
    assert [broken.get(path)[0] for path in ("/nothing", "/api/pipelines/abc", "/livez")] == [404, 422, 200]
    assert broken.get("/api/pipelines")[0] == 500
    assert broken.process.stop(grace_s=60) == 0
    assert [event["transaction"] for event in ingest.events()] == ["/api/pipelines"]


def test_endpoint_does_not_answer(broken: Server, ingest: Ingest) -> None:
    """Requests are answered while the endpoint says nothing, and the server ends all the same."""
    ingest.answers.clear()
    assert [broken.get("/api/pipelines")[0] for _ in range(20)] == [500] * 20
    assert broken.get("/livez")[0] == 200
    assert broken.process.stop(grace_s=60) == 0


def test_no_endpoint(broken: Server, ingest: Ingest) -> None:
    """Requests are answered when nothing listens at the endpoint."""
    ingest.socket.close()
    assert [broken.get("/api/pipelines")[0] for _ in range(5)] == [500] * 5
    assert broken.process.stop(grace_s=60) == 0


def test_not_configured(database_url: str, redis_url: str) -> None:
    """Without SENTRY_DSN the SDK is not even loaded."""
    code = "import reference_app, sys; reference_app.create_app(); sys.exit('sentry_sdk' in sys.modules)"
    environment = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "APP_ENV": "testing"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, check=True)
