"""Whatever way a test run ends, no process, port or folder of it stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.wait import wait_for

TEST = """
import pathlib, pytest

@pytest.mark.parametrize("number", range(2))
def test_forever(served_target, database_url, redis_url, guardian, request, number):
    folders = [guardian.folder]
    if hasattr(request.config, "workerinput"):
        folders.append(pathlib.Path(request.config.workerinput["services_address"]).parent)
    reached = pathlib.Path({marker!r} + str(number))
    reached.with_suffix(".part").write_text("\\n".join(map(str, folders)))
    reached.with_suffix(".part").rename(reached)
    pathlib.Path({fifo!r}).read_text()
"""


TARGET = """
name = "specimen"
[serve]
command = ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "{port}"]
[services]
postgres = "DATABASE_URL"
redis = "REDIS_URL"
"""


def descendants(marker: str) -> list[int]:
    """Return the processes that carry a marker in their environment: the run and all that it started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            carries = marker.encode() in (folder / "environ").read_bytes()
            zombie = "State:\tZ" in (folder / "status").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if carries and not zombie:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("workers", [0, 2], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_ended_run_leaves_nothing(number: signal.Signals, workers: int, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM and SIGKILL in the middle of a test: everything that was started is gone."""
    fifo, marker = tmp_path / "fifo", tmp_path / "reached"
    os.mkfifo(fifo)
    (tmp_path / "test_forever.py").write_text(TEST.format(marker=str(marker), fifo=str(fifo)))
    (tmp_path / "target.toml").write_text(TARGET)
    command = [
        *(sys.executable, "-m", "pytest", tmp_path / "test_forever.py", "-c", "pyproject.toml", "--rootdir=."),
        *("-p", "harness.fixtures", "--services", "embedded", "--target", tmp_path, "--results", tmp_path / "results"),
        *(("-n", str(workers)) if workers else ()),
    ]
    with (tmp_path / "output").open("wb") as output:
        run = subprocess.Popen(
            command, env={**os.environ, "RUN_MARKER": str(tmp_path)}, stdout=output, stderr=subprocess.STDOUT
        )
    wait_for(
        lambda: run.poll() is not None or len(list(tmp_path.glob("reached[01]"))) >= max(workers, 1),
        what="a test that uses every service",
        timeout_s=60,
    )
    assert run.poll() is None, (tmp_path / "output").read_text()
    folders = {Path(line) for file in tmp_path.glob("reached[01]") for line in file.read_text().splitlines()}
    assert all(folder.exists() for folder in folders)
    run.send_signal(number)
    run.wait(60)
    wait_for(
        lambda: descendants(str(tmp_path)) == [],
        what="the end of everything that the run started",
        timeout_s=60,
    )
    assert [folder for folder in folders if folder.exists()] == []
