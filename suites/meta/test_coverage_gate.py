"""The coverage gate says no when nothing was measured, as well as when too little was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suites import coverage_gate

CONFIGURATION = """
[tool.coverage.run]
branch = true
parallel = true
source = ["app"]
[tool.coverage.report]
fail_under = 95
"""
SOURCE = """
import sys
if "--all" in sys.argv:
    print("one branch")
else:
    print("the other")
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a small project, and stand in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "__main__.py").write_text(SOURCE)


def measure(part: str, *arguments: str) -> None:
    """Run the project as one part of the tests does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment["COVERAGE_FILE"] = str(coverage_gate.FOLDER / part / "data")
    subprocess.run([sys.executable, "-m", "coverage", "run", "-m", "app", *arguments], env=environment, check=True)


def gate() -> int:
    """Return the gate's exit code for the project."""
    return coverage_gate.main(coverage_gate.FOLDER, Path("app"))


def test_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """What no part runs alone, all parts run together: pass."""
    measure("unit")
    measure("integration", "--all")
    assert gate() == 0
    assert "100%" in capsys.readouterr().out
    assert (coverage_gate.FOLDER / "coverage.json").exists()


def test_too_little(capsys: pytest.CaptureFixture[str]) -> None:
    """A branch that nothing runs is named, and fails."""
    measure("unit")
    measure("integration")
    assert gate() == 1
    said = capsys.readouterr()
    assert "is less than 95%" in said.err
    assert "__main__.py" in said.out


@pytest.mark.parametrize("missing", coverage_gate.PARTS)
def test_part_missing(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the data of one part the gate is inconclusive, and says what to run."""
    (present,) = set(coverage_gate.PARTS) - {missing}
    measure(present, "--all")
    assert gate() == 3
    assert capsys.readouterr().err == f"coverage: no data of {missing}; run tox -e {missing}\n"


def test_old_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Data from before a change of the sources says nothing about them."""
    measure("unit")
    measure("integration", "--all")
    later = max(file.stat().st_mtime for file in coverage_gate.FOLDER.rglob("data.*")) + 1
    os.utime("app/__main__.py", (later, later))
    assert gate() == 3
    assert "is older than the sources" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::coverage.exceptions.CoverageWarning")
def test_torn_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Data that cannot be read is inconclusive."""
    measure("unit")
    measure("integration", "--all")
    for file in coverage_gate.FOLDER.rglob("data.*"):
        file.write_bytes(b"torn")
    assert gate() == 3
    assert capsys.readouterr().err == "coverage: No usable data files\n"
