"""Running a scanner as a process that cannot outlive the run, with a deadline."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.errors import TimedOut
from harness.guardian import Guardian
from security.evidence import CheckIncomplete


class Ended(msgspec.Struct, frozen=True):
    """A process that came to its end by itself: exit code, and all that it printed."""

    exit_code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line that it printed."""
        return last_line(self.output)


class Workshop:
    """Where scanners run: their processes and temporary folders belong to the run's guard process."""

    def __init__(self, guardian: Guardian) -> None:
        self._guardian = guardian

    def new_folder(self) -> Path:
        """Return a new empty folder that goes when the run ends."""
        return Path(tempfile.mkdtemp(prefix="scan-", dir=self._guardian.folder))

    def run(self, argv: Sequence[str], *, cwd: Path, timeout_s: float) -> Ended:
        """Run a scanner to its end, whatever its exit code.

        Raises:
            CheckIncomplete: it could not be started, or was still running after `timeout_s` seconds.

        """
        output = self.new_folder() / "output.txt"
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        try:
            process = self._guardian.spawn(argv, output=output, cwd=cwd, env=env)
        except OSError as error:
            raise CheckIncomplete(f"could not be started: {error}") from error
        try:
            exit_code = process.wait(timeout_s)
        except TimedOut as error:
            process.stop(grace_s=1.0)
            raise CheckIncomplete(_late(timeout_s, output)) from error
        return Ended(exit_code, output.read_text(errors="replace"))


def last_line(text: str) -> str:
    """Return the last line with something on it."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _late(timeout_s: float, output: Path) -> str:
    said = last_line(output.read_text(errors="replace"))
    return f"still running after {timeout_s:g} s" + (f"; its last line: {said}" if said else "")
