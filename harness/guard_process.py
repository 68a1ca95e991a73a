"""The guard: a process that outlives the run by a moment and leaves nothing of it behind.

It is the parent of every process that the run starts, so none can be lost between "started" and "noted down";
it owns the run's temporary folder; and it holds finalizers (commands that remove containers or databases). When
the run ends - its socket closes or, on Linux, its process is gone, SIGKILL included - the guard stops every
process and whatever those left running, runs the finalizers, removes the folder, and exits. If the guard itself
is killed, the kernel ends its children (PR_SET_PDEATHSIG).

Started as a script with `python -I -S`, it imports the standard library only: it must be up in milliseconds.
Requests and answers are one line of JSON each over the socket on descriptor 0; see `harness.guardian`.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GRACE_S = 3.0
FINALIZER_TIMEOUT_S = 30.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_MEMORY = "/dev/shm"  # noqa: S108 - a private folder is made in it
_MEMORY_NEEDED = 2 * 2**30
_LINUX = sys.platform == "linux"


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends; for use between fork and exec."""
    if _LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Guard:
    """The run's processes, finalizers and folder."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="proving-ground-", dir=_temporary_folder())
        Path(self.folder).chmod(0o755)  # Postgres runs as another user when we are root
        self.processes: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        self.finalizers: list[tuple[list[str], dict[str, str]]] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        try:
            return {"result": getattr(self, f"do_{request.pop('do')}")(**request)}
        except OSError as error:
            return {"errno": error.errno, "error": error.strerror, "file": error.filename}

    def do_folder(self) -> str:
        """Return the run's temporary folder."""
        return self.folder

    def do_spawn(
        self, argv: list[str], cwd: str, env: dict[str, str], output: str, user: int | None, end_signal: int
    ) -> int:
        """Start a process in a session of its own, its output appended to a file; return its pid."""
        with Path(output).open("ab") as sink:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                preexec_fn=die_with_parent,  # noqa: PLW1509 - this process has one thread
            )
        self.processes[process.pid] = (process, end_signal)
        return process.pid

    def do_poll(self, pid: int) -> int | None:
        """Return a process's exit code (negative: the signal that ended it), or None while it runs."""
        return self.processes[pid][0].poll()

    def do_signal(self, pid: int, number: int) -> None:
        """Send a signal to a process and its group; one that has ended is left alone."""
        if self.processes[pid][0].poll() is None:
            os.killpg(pid, number)

    def do_at_end(self, argv: list[str], env: dict[str, str]) -> None:
        """Remember a command to run when everything has stopped."""
        self.finalizers.append((argv, env))

    def clean(self) -> bool:
        """Stop everything, run the finalizers, remove the folder; return whether all of it worked."""
        self._stop_processes()
        outcomes = [self._finalize(argv, env) for argv, env in reversed(self.finalizers)]
        shutil.rmtree(self.folder, ignore_errors=True)
        return all(outcomes) and not Path(self.folder).exists()

    def _stop_processes(self) -> None:
        running = [(process, end) for process, end in self.processes.values() if process.poll() is None]
        for process, end_signal in reversed(running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, end_signal)
        deadline = time.monotonic() + GRACE_S
        for process, _ in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        # Only what has not been waited for: the number of a process that has been may be somebody else's by now. What
        # such a one left running is a child of ours since then.
        for process, _ in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        _kill_orphans()

    def _finalize(self, argv: list[str], env: dict[str, str]) -> bool:
        try:
            done = subprocess.run(argv, env=env, timeout=FINALIZER_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            sys.stderr.write(f"clean-up failed: {error}\n")
            return False
        return done.returncode == 0


def _temporary_folder() -> str:
    """Return where the run's folder goes: what TMPDIR says, else memory, else the usual place.

    In memory a database is cloned as fast beside a busy disk as beside an idle one. For root, whose Postgres runs as
    somebody else, it must be a place that all may enter.
    """
    usual = tempfile.gettempdir()
    memory = [] if "TMPDIR" in os.environ or not _has_room(_MEMORY) else [_MEMORY]
    places = [*memory, usual] if os.geteuid() else [*memory, usual, "/tmp", "/var/tmp"]  # noqa: S108 - mkdtemp
    return next((place for place in places if os.geteuid() or _open_to_all(place)), usual)


def _has_room(folder: str) -> bool:
    """Whether a folder can hold databases and run programs: /dev/shm is small, or noexec, in many containers."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize >= _MEMORY_NEEDED and not facts.f_flag & os.ST_NOEXEC


def _open_to_all(folder: str) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (Path(folder), *Path(folder).parents))


def _kill_orphans() -> None:
    """Kill what the processes left behind: as subreaper, this process has become the orphans' parent."""
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    """Return the processes whose parent this one is, zombies included; none where there is no /proc."""
    ours = str(os.getpid())
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(folder) == ours]


def _parent(folder: Path) -> str | None:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()[1]  # the name before it may hold anything
    except (FileNotFoundError, ProcessLookupError):
        return None


def watch(pid: int) -> int | None:
    """Return a descriptor that becomes readable when a process ends, or None where there is no such thing.

    Raises:
        ProcessLookupError: it has ended already.

    """
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except (AttributeError, OSError):  # not Linux, or before 5.3: the closed socket has to do
        return None


def _serve(guard: Guard, client: socket.socket, parent_fd: int | None) -> None:
    """Answer requests until the client closes its socket or its process has ended."""
    lines = client.makefile("rwb")
    watched = [client.fileno()] if parent_fd is None else [client.fileno(), parent_fd]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if parent_fd in ready or not (line := lines.readline()):
            return
        lines.write(json.dumps(guard.answer(json.loads(line))).encode() + b"\n")
        lines.flush()


def main() -> int:
    """Guard the process whose pid is the first argument."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN: our children would inherit that
    if _LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = Guard()
    try:
        with contextlib.suppress(ConnectionError):
            _serve(guard, socket.socket(fileno=0), watch(int(sys.argv[1])))
    except ProcessLookupError:
        pass  # the run ended before its guard was up
    finally:
        clean = guard.clean()
    return 0 if clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
