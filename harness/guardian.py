"""The run's side of the guard process: start, watch and stop processes that can never be left behind."""

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from harness.command_line import own_environment
from harness.errors import Inconclusive, TimedOut
from harness.guard_process import watch
from harness.wait import wait_for

_SCRIPT = Path(__file__).with_name("guard_process.py")
CLEAN_UP_TIMEOUT_S = 60.0


class Guardian:
    """Owns everything that a run starts; a context manager.

    Whatever way the run ends, its processes, finalizers and `folder` are dealt with (`harness.guard_process`).
    Safe to use from several threads; not after a fork.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), str(os.getpid())],
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        self._lines = ours.makefile("rwb")
        self._socket = ours
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @functools.cached_property
    def folder(self) -> Path:
        """The run's temporary folder; asked for at its first use, so that the guard starts beside the run."""
        return Path(self._ask("folder"))

    def spawn(
        self,
        argv: Sequence[str | Path],
        *,
        output: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        user: int | None = None,
        end_signal: signal.Signals = signal.SIGTERM,
    ) -> "GuardedProcess":
        """Start a process whose stdout and stderr are appended to `output`.

        Raises:
            OSError: it cannot be started, with the errno and file name of the failure.

        """
        words = [str(word) for word in argv]
        pid = self._ask(
            "spawn",
            argv=words,
            cwd=str(cwd or Path.cwd()),
            env=dict(os.environ if env is None else env),
            output=str(output),
            user=user,
            end_signal=int(end_signal),
        )
        return GuardedProcess(self, pid, words, output, end_signal)

    def at_end(self, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Have a command of ours run once everything has stopped; secrets go into `env`, never into `argv`."""
        environment = own_environment(os.environ if env is None else env)
        self._ask("at_end", argv=[str(word) for word in argv], env=environment)

    def close(self) -> None:
        """Stop and remove everything, and wait until that is done.

        Raises:
            Inconclusive: something could not be removed; the guard's own lines on stderr say what.

        """
        if self._socket.fileno() == -1:
            return
        self._lines.close()
        self._socket.close()
        if self._process.wait(CLEAN_UP_TIMEOUT_S) != 0:
            raise Inconclusive("not everything that this run started could be removed; see the lines above")

    def _ask(self, do: str, **arguments: Any) -> Any:
        with self._lock:
            self._lines.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._lines.flush()
            line = self._lines.readline()
        if not line:
            raise Inconclusive("the guard process of this run was killed; everything it guarded has ended with it")
        answer = json.loads(line)
        if "error" in answer:
            raise OSError(answer["errno"], answer["error"], answer["file"])
        return answer["result"]

    def _poll(self, pid: int) -> int | None:
        code: int | None = self._ask("poll", pid=pid)
        return code

    def _signal(self, pid: int, number: signal.Signals) -> None:
        self._ask("signal", pid=pid, number=int(number))


class GuardedProcess:
    """A process that belongs to the guard."""

    def __init__(
        self, guardian: Guardian, pid: int, argv: Sequence[str], output: Path, end_signal: signal.Signals
    ) -> None:
        self._guardian = guardian
        self.pid = pid
        self.argv = tuple(argv)
        self.output = output
        self._end_signal = end_signal

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._guardian._poll(self.pid)  # noqa: SLF001 - the two classes are one mechanism

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and its group."""
        self._guardian._signal(self.pid, number)  # noqa: SLF001 - as above

    def wait(self, timeout_s: float) -> int:
        """Wait for the end and return the exit code.

        Raises:
            TimedOut: it still runs after `timeout_s` seconds.

        """
        with pause_to_the_end_of(self.pid) as pause:
            ended = wait_for(
                lambda: None if (code := self.exit_code) is None else (code,),
                what=f"the end of {Path(self.argv[0]).name}",
                timeout_s=timeout_s,
                pause=pause,
            )
        return ended[0]

    def stop(self, grace_s: float = 10.0) -> int:
        """End the process: its own end signal first, SIGKILL for the whole group after the grace period."""
        self.send(self._end_signal)
        try:
            return self.wait(grace_s)
        except TimedOut:
            self.send(signal.SIGKILL)
            return self.wait(grace_s)

    def last_output(self, lines: int = 20) -> str:
        """Return the last lines of what the process printed, indented; empty when it printed nothing."""
        text = self.output.read_text(errors="replace") if self.output.exists() else ""
        return "".join(f"\n    {line}" for line in text.splitlines()[-lines:])


@contextlib.contextmanager
def pause_to_the_end_of(pid: int) -> Iterator[Callable[[float], object]]:
    """Yield a way to pause, in seconds, that is over as soon as the process ends, where the system can tell that."""
    try:
        end = watch(pid)
    except ProcessLookupError:  # it has ended, and the guard knows
        end = None
    if end is None:
        yield time.sleep
        return
    poll = select.poll()
    poll.register(end, select.POLLIN)
    try:
        yield lambda seconds: poll.poll(seconds * 1000)
    finally:
        os.close(end)
