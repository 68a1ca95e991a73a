"""A process of ours beside a run: told and heard a line at a time, and never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

import msgspec

from loadtests.messages import send

CLOSE_TIMEOUT_S = 10.0


class ChildProcess:
    """`python -m ARGUMENTS…`. `hear` gets each line it says, and None at the end; `log` what else it prints.

    It ends when its stdin does: so also when the run is killed.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        hear: Callable[[bytes | None], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C reaches the run, which then ends its children in good order
            )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._listener = threading.Thread(target=self._listen, args=(cast("IO[bytes]", self._process.stdout), hear))
        self._listener.start()

    def tell(self, message: msgspec.Struct) -> None:
        """Say something; one that has ended does not hear it, which `hear` tells."""
        with contextlib.suppress(BrokenPipeError):
            send(self._stdin, message)

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
        """Return how it ended, with its last line of output; only after it did."""
        code = self._process.wait(CLOSE_TIMEOUT_S)
        lines = self._log.read_text(errors="replace").splitlines()
        return f"ended with code {code}" + (f" ({lines[-1].strip()[:200]})" if lines else "")

    def _listen(self, pipe: IO[bytes], hear: Callable[[bytes | None], None]) -> None:
        with pipe:
            for line in pipe:
                hear(line)
        hear(None)
