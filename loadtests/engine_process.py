"""An engine as a child process of the run: told over a pipe, heard by a thread, and never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from loadtests.crew import Hear
from loadtests.identities import TARGET_VARIABLE
from loadtests.messages import Order, answer, send

CLOSE_TIMEOUT_S = 10.0


class EngineProcess:
    """A running engine. `log` receives what it prints."""

    def __init__(self, name: str, target_file: Path, log: Path, hear: Hear) -> None:
        self.name = name
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
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
        self._listener = threading.Thread(target=self._listen, args=(cast("IO[bytes]", self._process.stdout), hear))
        self._listener.start()

    def tell(self, order: Order) -> None:
        """Give an order; one that has ended does not hear it, which `hear` tells."""
        with contextlib.suppress(BrokenPipeError):
            send(self._stdin, order)

    def close(self) -> None:
        """End it: in good order when it listens, in any case soon."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._listener.join()

    def ending(self) -> str:
        """Return how it ended, with its last line of output."""
        code = self._process.wait(CLOSE_TIMEOUT_S)
        lines = self._log.read_text(errors="replace").splitlines()
        return f"ended with code {code}" + (f" ({lines[-1].strip()[:200]})" if lines else "")

    def _listen(self, pipe: IO[bytes], hear: Hear) -> None:
        with pipe:
            for line in pipe:
                hear(self, answer(line))
        hear(self, None)
