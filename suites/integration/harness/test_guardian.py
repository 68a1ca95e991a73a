"""Nothing that a run starts outlives it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import Inconclusive, TimedOut
from harness.guardian import Guardian, pause_to_the_end_of
from harness.wait import wait_for

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
LEAVES_ORPHAN = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
print(child.pid, flush=True)
"""
# A guard whose only process has ended; the system has given its number to another one since, which is an argument.
REUSED = """
import sys
from harness.guard_process import Guard
guard = Guard()
pid = guard.do_spawn([sys.executable, "-c", ""], cwd="/", env={}, output="/dev/null", user=None, end_signal=15)
process, end_signal = guard.processes.pop(pid)
process.wait()
process.pid = int(sys.argv[1])
guard.processes[process.pid] = (process, end_signal)
raise SystemExit(not guard.clean())
"""
RUN = f"""
import sys, time
from pathlib import Path
from harness.guardian import Guardian
guardian = Guardian()
process = guardian.spawn([sys.executable, "-c", {STUBBORN!r}], output=guardian.folder / "log")
finalizer = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"
guardian.at_end([sys.executable, "-c", finalizer, sys.argv[1]])
print(process.pid, guardian.folder, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until_gone(pid: int) -> None:
    wait_for(lambda: not is_running(pid), what=f"the end of process {pid}", timeout_s=60)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_run_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """However a run is killed, its processes and folder go and its finalizers run."""
    finalized = tmp_path / "finalized"
    run = subprocess.Popen([sys.executable, "-c", RUN, finalized], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().decode().split()
        assert is_running(int(pid))
        run.send_signal(number)
    until_gone(int(pid))
    wait_for(finalized.exists, what="the finalizer", timeout_s=60)
    wait_for(lambda: not Path(folder).exists(), what="the folder's removal", timeout_s=60)


def test_orphans_end_with_the_run() -> None:
    """A process that a target left behind in a session of its own is stopped all the same."""
    with Guardian() as guardian:
        leaver = guardian.spawn([sys.executable, "-c", LEAVES_ORPHAN], output=guardian.folder / "log")
        assert leaver.wait(60) == 0
        orphan = int(leaver.output.read_text().split()[0])
        assert is_running(orphan)
    assert not is_running(orphan)


def test_number_of_an_ended_process() -> None:
    """What has the number of a process that ended, and is not ours, goes on: systems use numbers again."""
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True) as stranger:
        try:
            subprocess.run([sys.executable, "-c", REUSED, str(stranger.pid)], check=True)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_killed_guard_takes_its_processes_along() -> None:
    """When the guard itself is killed, nothing that it guarded stays."""
    guardian = Guardian()
    process = guardian.spawn([sys.executable, "-c", STUBBORN], output=guardian.folder / "log")
    guard = int(Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(guard, signal.SIGKILL)
    until_gone(process.pid)
    with pytest.raises(Inconclusive, match="could be removed"):
        guardian.close()
    shutil.rmtree(guardian.folder)


def test_stubborn_process_is_killed() -> None:
    """A process that ignores its end signal is killed after the grace period."""
    with Guardian() as guardian:
        process = guardian.spawn([sys.executable, "-c", STUBBORN], output=guardian.folder / "log")
        wait_for(process.last_output, what="its start", timeout_s=60)
        assert process.stop(grace_s=0.2) == -signal.SIGKILL


def test_unknown_command_is_an_error_here() -> None:
    """A command that does not exist is the caller's error, with the file's name."""
    with Guardian() as guardian, pytest.raises(FileNotFoundError) as missing:
        guardian.spawn(["no-such-command"], output=guardian.folder / "log")
    assert missing.value.filename == "no-such-command"


def test_waiting_ends_with_the_process() -> None:
    """Whoever waits for a process goes on when it ends, however long the pause was going to be."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("pidfd_open(2) is needed")
    with Guardian() as guardian:
        process = guardian.spawn([sys.executable, "-c", STUBBORN], output=guardian.folder / "log")
        with pause_to_the_end_of(process.pid) as pause:
            process.send(signal.SIGKILL)
            pause(3600)
        assert process.exit_code == -signal.SIGKILL


def test_waiting_has_a_deadline() -> None:
    """Waiting for a process that goes on ends at the deadline and names it."""
    with Guardian() as guardian:
        process = guardian.spawn([sys.executable, "-c", STUBBORN], output=guardian.folder / "log")
        with pytest.raises(TimedOut, match="the end of python"):
            process.wait(0.05)
