"""Runs that end otherwise than planned: by a threshold, a signal, a full disk."""

import os
import resource
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil
import pytest

from harness.errors import ResultsUnwritable
from harness.results import Status
from harness.wait import wait_for
from loadtests.evidence import Stream
from loadtests.tests.conftest import READER, ROOT, RUN_TIMEOUT_S, Lab, finished

ONE_PAGE_DISK = """
mkdir "$1"
mount -t tmpfs -o size="$(getconf PAGESIZE)" tmpfs "$1"
"${@:3}"
code=$?
cp -r "$1" "$2"
exit $code
"""
LONG = "[[stages]]\nduration_s = 60\nrate = 50\n"


@pytest.fixture
def on_small_disk() -> Sequence[str]:
    """Return a command that runs another with a disk of one page at $1, and leaves what is on it at $2."""
    alone = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    tried = subprocess.run(
        [*alone, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"no mount namespace of our own: {' '.join(alone)} mount: {tried.stderr.strip()}")
    return [*alone, "bash", "-c", ONE_PAGE_DISK, "bash"]


def test_abort_ends_run(lab: Lab) -> None:
    """A threshold with `abort` ends the run as soon as it does not hold, and fails it; the summary says which."""
    lab.journey(READER.replace('"/"', '"/fail"'))
    lab.profile("failures < 1% for 1s abort", stages=LONG)
    done = lab.run_to(1)
    assert "ending early: `failures < 1% for 1s abort` does not hold" in done.stdout
    summary = lab.summary()
    assert summary.aborted == "failures < 1% for 1s abort"
    assert [threshold.status for threshold in summary.thresholds] == [Status.FAIL, Status.PASS]
    assert summary.seconds < 60
    assert summary.arrivals.started == summary.total.count


def test_interrupted_run(lab: Lab) -> None:
    """Ctrl-C leaves partial results, labelled, which decide nothing."""
    lab.profile("failures < 1%", stages=LONG)
    run, _line = lab.start()
    run.send_signal(signal.SIGINT)
    said = finished(run)
    assert run.returncode == 130, said
    assert "these are partial results" in said
    summary = lab.summary()
    assert {Status.INCONCLUSIVE} == {threshold.status for threshold in summary.thresholds}
    assert summary.arrivals.started == summary.total.count > 0


def test_killed_run(lab: Lab) -> None:
    """A run that is killed leaves no process behind, and the seconds it had until then."""
    lab.profile("failures < 1%", stages=LONG, patience_s=1)
    run, _line = lab.start()
    children = psutil.Process(run.pid).children(recursive=True)
    assert children
    run.kill()
    finished(run)
    wait_for(lambda: not any(child.is_running() for child in children), what="the engine's end", timeout_s=60)
    assert lab.timeline()


def test_nothing_to_write_to(lab: Lab) -> None:
    """When nothing can be written any more the run ends with one line that names the file, and leaves no engine."""
    lab.target(f'base_url = "{lab.base_url}"\n[metrics]\npath = "/metrics"')
    lab.profile("failures < 1%", stages=LONG, patience_s=1)
    limited = ["bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *lab.command()]
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "timeline.jsonl: cannot be written (File too large)" in done.stderr


def test_disk_full(lab: Lab, tmp_path: Path, on_small_disk: Sequence[str]) -> None:
    """A disk that is full at the end of a run is one line; the seconds that it had room for are there, no summary."""
    lab.profile("failures < 1%")
    command = [*on_small_disk, str(lab.results.folder), str(tmp_path / "seen"), *lab.command()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "histograms.hlog: cannot be written (No space left on device)" in done.stderr
    left = tmp_path / "seen/load/quick"
    seconds = (left / "timeline.jsonl").read_text().splitlines()
    assert sum(msgspec.json.decode(second)["answered"] for second in seconds) == 50
    assert not (left / "summary.json").exists()


def test_whole_lines(tmp_path: Path) -> None:
    """A line for which there is no room is not begun: what can be read is whole."""
    file = tmp_path / "lines"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Stream(file) as stream:
        stream.write("one\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
        try:
            with pytest.raises(ResultsUnwritable, match="lines: cannot be written"):
                stream.write("two and more\n")
            stream.write("six\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "one\nsix\n"
