"""The reference app, and a bare one beside it, in production servers on a real Postgres and Redis with many rows."""

import contextlib
import itertools
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http_loop import SUCCESS, Connection, request
from harness.command_line import DEFAULT_TARGET, PROJECT
from harness.database import Databases
from harness.guardian import GuardedProcess, Guardian
from harness.launch import environment_for, prepared_template, start_services
from harness.ports import LOOPBACK, free_port
from harness.services.interface import Service
from harness.services.spaces import Spaces
from harness.target import ServiceName, Target
from harness.wait import wait_for

START_S = 60.0
SEED_S = 600.0
NO_LIMIT = "1000000000 per day;1000000000 per hour"
"""As many limits as by default, none of which a benchmark reaches."""
GTHREAD = ("-m", "gunicorn", "--config", "python:reference_app.gunicorn_conf", "--bind", f"{LOOPBACK}:{{port}}")


@dataclass(frozen=True)
class Served:
    """A server that answers on a port of the loopback."""

    port: int
    process: GuardedProcess

    def login(self) -> dict[str, str]:
        """Return the headers of a new session of alice's."""
        connection = Connection(self.port)
        body = {"username": "alice", "password": "alice-in-development"}
        answer = connection.ask(request("POST", "/api/auth/login", body=body))
        connection.close()
        assert answer.status in SUCCESS, answer.body
        token = answer.body.partition(b'"token":"')[2].partition(b'"')[0].decode()
        return {"Authorization": f"Bearer {token}"}


class Stage:
    """Services, and one migrated and seeded database for each number of rows."""

    def __init__(self, guardian: Guardian, target: Target, running: Mapping[ServiceName, Service]) -> None:
        self._guardian = guardian
        self._target = target
        self._running = running
        self._spaces = Spaces(running["redis"])
        self._numbers = itertools.count()

    def environment(self, databases: Databases, rows: int) -> dict[str, str]:
        """Return the environment of an app with `rows` pipelines and an empty Redis of its own."""
        redis = self._spaces.lease()
        template = prepared_template(self._target, self._guardian, databases, {"redis": redis}, seeded=False)
        urls: dict[ServiceName, str] = {"redis": redis, "postgres": databases.clone(template).url}
        environment = environment_for(self._target, urls) | {"RATELIMIT_DEFAULT": NO_LIMIT}
        self._run("-m", "flask", "--app", "reference_app", "seed", "--pipelines", str(rows), env=environment)
        return environment

    def serve(self, argv: Sequence[str], environment: Mapping[str, str], ready: str = "/readyz") -> Served:
        """Start `python ARGV…` on a free port and wait until it is ready."""
        port = free_port()
        argv = [word.replace("{port}", str(port)) for word in argv]
        process = self._guardian.spawn(
            [sys.executable, *argv], output=self._log(), cwd=PROJECT, env={**os.environ, **environment}
        )
        wait_for(
            lambda: _answers(port, ready), what=f"{argv} ready", timeout_s=START_S, transient=(urllib.error.URLError,)
        )
        return Served(port, process)

    def _run(self, *argv: str, env: Mapping[str, str]) -> None:
        process = self._guardian.spawn(
            [sys.executable, *argv], output=self._log(), cwd=PROJECT, env={**os.environ, **env}
        )
        assert process.wait(SEED_S) == 0, process.last_output()

    def _log(self) -> Path:
        return self._guardian.folder / f"bench-{next(self._numbers)}.log"


@contextlib.contextmanager
def stage() -> Iterator[tuple[Stage, Databases]]:
    """Start Postgres and Redis; all that was started ends afterwards."""
    target = Target.read(DEFAULT_TARGET)
    with Guardian() as guardian:
        running = start_services(target, "embedded", guardian, lambda _line: None)
        with Databases(running["postgres"]) as databases:
            yield Stage(guardian, target, running), databases


def _answers(port: int, path: str) -> bool:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=10) as answer:
        return answer.status in SUCCESS
