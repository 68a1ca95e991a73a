"""0 pass, 1 a gate failed, 2 the request was wrong, 3 inconclusive: one clear line, never a traceback."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, EXIT_REQUEST


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=250)


def pytest_run(folder: Path, test: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run pytest as a user of the plugin does, on one test file."""
    (folder / "test_it.py").write_text(test)
    fixed = ("-c", "pyproject.toml", "--rootdir=.", "-p", "harness.fixtures", "--results", folder / "results")
    return run("-m", "pytest", folder / "test_it.py", *fixed, *options)


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("def test_it(): pass", EXIT_PASS),
        ("def test_it(): assert 1 == 2", EXIT_FAIL),
        ("", EXIT_INCONCLUSIVE),
    ],
    ids=["passing", "failing", "no tests"],
)
def test_suite(tmp_path: Path, test: str, code: int) -> None:
    """A suite without tests is inconclusive, not green."""
    assert pytest_run(tmp_path, test).returncode == code


def test_failure_shows_its_reproduction(tmp_path: Path) -> None:
    """A failed test prints the line that runs it again, and that line fails again."""
    done = pytest_run(tmp_path, "def test_it(seed): assert seed < 0", "--seed", "7")
    line = next(line for line in done.stdout.splitlines() if "test_it.py::test_it" in line and "--seed 7" in line)
    again = subprocess.run([*shlex.split(line), "-c", "pyproject.toml", "-p", "harness.fixtures"], check=False)
    assert again.returncode == EXIT_FAIL


@pytest.mark.parametrize(
    "part", [("harness", "check"), ("harness", "prove"), ("security",), ("loadtests", "run", "smoke")]
)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no such file"),
        ("[serve", "is not TOML"),
        ('name = "x"\nbase = "http://127.0.0.1:1"', "base: unknown key; did you mean `base_url`?"),
    ],
    ids=["missing", "malformed", "unknown key"],
)
def test_bad_target_file(tmp_path: Path, part: tuple[str, ...], text: str | None, says: str) -> None:
    """Every part refuses a wrong target.toml alike: exit 2, one line on stderr, the file named."""
    file = tmp_path / "target.toml"
    if text is not None:
        file.write_text(text)
    done = run("-m", *part, "--target", file, "--results", tmp_path / "results")
    assert done.returncode == EXIT_REQUEST
    assert says in done.stderr
    assert str(file) in done.stderr
    assert done.stderr.count("\n") == 1


def test_bad_target_file_in_pytest(tmp_path: Path) -> None:
    """The pytest plugin refuses a wrong target.toml in one line as well."""
    done = pytest_run(tmp_path, "def test_it(target): pass", "--target", tmp_path / "no.toml")
    assert done.returncode == EXIT_REQUEST
    assert "no.toml: there is no such file" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_bad_target_file_under_xdist(tmp_path: Path) -> None:
    """With several test processes the same line is shown, and the run fails."""
    test = "def test_one(target): pass\ndef test_two(target): pass"
    done = pytest_run(tmp_path, test, "--target", tmp_path / "no.toml", "--numprocesses", "2")
    assert done.returncode == EXIT_FAIL
    assert done.stdout.count("no.toml: there is no such file") >= 2
    assert "crashed" not in done.stdout


def test_results_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A results folder that cannot be made is refused before anything starts."""
    (tmp_path / "results").touch()
    done = pytest_run(tmp_path, "def test_it(): pass")
    assert done.returncode == EXIT_REQUEST
    assert "cannot be written" in done.stdout + done.stderr
    done = run("-m", "harness", "check", "--results", tmp_path / "results")
    assert (done.returncode, done.stderr.count("\n")) == (EXIT_REQUEST, 1)


@pytest.mark.parametrize("option", [("--services", "cloud"), ("--sed", "1"), ("--seed", "x")])
def test_bad_option(option: tuple[str, str]) -> None:
    """A wrong option is the request's fault."""
    assert run("-m", "harness", "check", *option).returncode == EXIT_REQUEST


def test_external_without_urls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`external` without its variables says which one is missing."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    done = run("-m", "harness", "check", "--services", "external", "--results", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (EXIT_REQUEST, 1)
    assert "DATABASE_URL is not set" in done.stderr


def test_dump_that_is_not_there() -> None:
    """Opening a dump that does not exist says where dumps are."""
    done = run("-m", "harness", "open", "no.dump")
    assert (done.returncode, done.stderr.count("\n")) == (EXIT_REQUEST, 1)
