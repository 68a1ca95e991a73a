"""A fault planted in the app turns its part red, and the line that the part prints shows it again."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import EXIT_FAIL, EXIT_PASS

TARGET = ("--target", "suites/specimens/target.toml", "--services", "embedded", "--seed", "1")
BROKEN = "GET /api/pipelines/{pipeline_id}"
CONTRACT = ("-m", "pytest", "suites/contract", "--max-examples", "3", "--operation", BROKEN, *TARGET)
PROBES = ("-m", "security", "--only", "headers", "anonymous", *TARGET)
LOAD = ("-m", "loadtests", "run", "readers", *TARGET)


def run(fault: str, results: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, "--results", results],
        env={**os.environ, "FAULT": fault},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.mark.parametrize(
    ("fault", "part", "says"),
    [
        ("missing_header", PROBES, "x-content-type-options"),
        ("open_door", PROBES, "GET /api/pipelines"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_planted_fault_is_found_and_named(fault: str, part: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """The part that looks for this kind of fault fails and names where it is."""
    done = run(fault, tmp_path, part)
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    assert says.lower() in done.stdout.lower()


@pytest.mark.alone
def test_slow_query_is_found_and_named(tmp_path: Path) -> None:
    """A route that has become slow breaks its threshold under load, and is named."""
    done = run("slow_query", tmp_path, LOAD)
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    assert re.search(r"^ *fail +service p50 < 2s at GET /api/pipelines  ", done.stdout, re.MULTILINE)


@pytest.mark.alone
def test_control_is_green(tmp_path: Path) -> None:
    """The same target without a fault passes: it is the fault that is found, not the specimen."""
    done = run("none", tmp_path, LOAD)
    assert done.returncode == EXIT_PASS, done.stdout + done.stderr


def test_broken_promise_is_named_and_shown_again(tmp_path: Path) -> None:
    """The contract suite names the operation that breaks its promise; its line, pasted, shows it again."""
    found = run("unhandled_error", tmp_path, CONTRACT)
    assert found.returncode == EXIT_FAIL
    assert f"{BROKEN}: Server error" in found.stdout
    line = re.findall(r"^ *reproduce: (.*)$", found.stdout, re.MULTILINE)[0]
    again = run("unhandled_error", tmp_path / "again", tuple(shlex.split(line)[1:]))
    assert again.returncode == EXIT_FAIL
    assert f"{BROKEN}: Server error" in again.stdout
