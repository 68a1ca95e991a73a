"""The engine as seen from outside: a child process that gets a plan, answers with messages, and never stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self, cast

import msgspec

from harness.errors import EXIT_REQUEST, Inconclusive, RequestError
from loadtests.identities import TARGET_VARIABLE
from loadtests.messages import Answer, Go, Plan, Ready, Refused, Report, Second, receive, send

CLOSE_TIMEOUT_S = 10.0


class EngineProcess:
    """A running engine; a context manager. `log` receives what it prints."""

    def __init__(self, plan: Plan, target_file: Path, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loadtests.engine"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, TARGET_VARIABLE: str(target_file)},
                start_new_session=True,  # Ctrl-C reaches the run, which then ends the engine in good order
            )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._decoder: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
        send(self._stdin, plan)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        finally:
            self._stdout.close()

    def await_ready(self) -> None:
        """Wait until the journeys are imported.

        Raises:
            RequestError: they do not fit the profile, or cannot be imported.

        """
        if not isinstance(message := self._next(), Ready):
            raise Inconclusive(f"the load engine said {type(message).__name__} before it was ready")

    def run(self, go: Go, watch: Callable[[Second], None]) -> Report:
        """Let it begin, hand each second to `watch`, and return the report.

        Raises:
            Inconclusive: it could not start the users, or died.

        """
        send(self._stdin, go)
        while True:
            message = self._next()
            if isinstance(message, Report):
                return message
            if isinstance(message, Second):
                watch(message)

    def stop(self) -> None:
        """Ask it to end early; it still reports."""
        self._stdin.close()

    def _next(self) -> Answer:
        message = receive(self._stdout, self._decoder)
        if message is None:
            code = self._process.wait(CLOSE_TIMEOUT_S)
            raise Inconclusive(f"the load engine ended with code {code}; its last output:{self._last_output()}")
        if isinstance(message, Refused):
            kind = RequestError if message.exit_code == EXIT_REQUEST else Inconclusive
            raise kind(message.message)
        return message

    def _last_output(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-20:]
        return "".join(f"\n    {line}" for line in lines)
