"""Progress reaches whoever watches a run, while it goes on and whatever pytest captures."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest
from harness.fixtures import say

@pytest.fixture(scope="session")
def ready(request):
    say(request.config, "progress: ready")

def test_it(ready, pytestconfig):
    print("of the test")
    say(pytestconfig, "progress: under way")
    with open({waits_for!r}) as gate:
        gate.read()
    assert False
"""
SAID = ["progress: ready\n", "progress: under way\n"]


def started(folder: Path, gate: Path, *options: str) -> subprocess.Popen[str]:
    """Start a test that goes on when somebody has opened and closed the gate."""
    (folder / "test_it.py").write_text(TEST.format(waits_for=str(gate)))
    command = ("-m", "pytest", folder / "test_it.py", "-c", "pyproject.toml", "--rootdir=.", "-p", "harness.fixtures")
    return subprocess.Popen(
        [sys.executable, *command, "--results", folder / "results", "--timeout", "60", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "options",
    [(), ("-q",), ("--capture=sys",), ("-s",), ("--numprocesses", "1")],
    ids=["plain", "quiet", "captured in Python", "not captured", "worker"],
)
def test_progress_is_seen_while_the_test_runs(options: tuple[str, ...], tmp_path: Path) -> None:
    """Lines of a fixture and of a test come on stderr at once, in their order, and are no output of the test.

    Neither -q nor a worker of pytest-xdist keeps them back.
    """
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    process = started(tmp_path, gate, *options)
    assert process.stderr is not None
    said = list(itertools.islice((line for line in process.stderr if line in SAID), len(SAID)))
    if said == SAID:  # else the test has ended, and nobody waits at the gate
        gate.write_text("")
    output, _ = process.communicate(timeout=250)
    assert said == SAID, output
    lines = output.splitlines(keepends=True)  # what the failed test is reported with
    assert [line for line in lines if line in SAID] == []
    assert [line for line in lines if line.endswith("of the test\n")] != []
