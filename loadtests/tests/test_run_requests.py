"""What is asked for wrongly: one clear line and an exit code, before anything is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.tests.conftest import READER, ROOT, RUN_TIMEOUT_S, Lab

STARTING = READER + "\n    def on_start(self):\n        raise LookupError('no such user')\n"
RAISING = READER.replace('self.client.get("/")', 'self.client.get("/")\n        raise LookupError("no such thing")')
NO_TASKS = READER.replace("    @task\n", "")
NO_CLIENT = READER.replace("FastHttpUser", "User")


# Each folder's journeys, in one process for all: it imports Locust, which takes longer than all the rest.
REFUSE = """
import pathlib, sys
from harness.errors import RequestError
from loadtests.engine.journey_files import choose_journeys, load_journeys
for folder in sys.argv[1:]:
    try:
        choose_journeys(["Reader"], load_journeys(pathlib.Path(folder)), "quick.toml")
    except RequestError as error:
        print(error)
"""
BAD_JOURNEYS = {
    "": "no journeys; put a Python file there",
    "\n1 / 0": "reader.py:2: ZeroDivisionError: division by zero",
    "\n\nclass": "reader.py:3: SyntaxError: invalid syntax",
    "import nothing_like_it": "reader.py:1: ModuleNotFoundError: No module named 'nothing_like_it'",
    READER.replace("Reader", "Raeder"): "journeys.Reader: no such journey; did you mean `Raeder`?",
    NO_TASKS: "journeys.Reader: has no tasks; mark a method with @task",
    NO_CLIENT: "journeys.Reader: has no HTTP client; subclass LeanHttpUser, FastHttpUser or HttpUser",
}


def test_bad_journeys(tmp_path: Path) -> None:
    """Journeys that cannot be had are one line each, with the file and line or the journey's name."""
    folders = [tmp_path / str(number) for number in range(len(BAD_JOURNEYS))]
    for folder, source in zip(folders, BAD_JOURNEYS, strict=True):
        folder.mkdir()
        (folder / "reader.py").write_text(source)
    command = [sys.executable, "-c", REFUSE, *map(str, folders)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=True).stdout
    for line, said in zip(told.splitlines(), BAD_JOURNEYS.values(), strict=True):
        assert said in line


def test_refused_journeys(lab: Lab) -> None:
    """A run with such journeys says so in one line and starts nothing; no earlier run's summary outlives it."""
    lab.journey(READER, "zweiter")
    lab.profile("failures < 1%")
    summary = lab.results.folder / "load/quick/summary.json"
    summary.parent.mkdir(parents=True)
    summary.write_text("{}")
    finished = lab.run_to(2)
    assert "zweiter.py: a second journey with the name Reader" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert not summary.exists()


def test_start_refused(lab: Lab) -> None:
    """A journey that cannot start makes the run inconclusive and says why."""
    lab.journey(STARTING)
    lab.profile("failures < 1%")
    finished = lab.run_to(3)
    assert finished.stderr == "error: journey Reader: LookupError: no such user (in on_start, before any load)\n"


def test_task_raises(lab: Lab) -> None:
    """A journey that raises in a task is told by its error and how often; its users go on."""
    lab.journey(RAISING)
    lab.profile("failures == 0")
    lab.run_to(0)
    assert lab.summary().total.count == 50
    assert lab.summary().errors == ("50 times: journey Reader: LookupError: no such thing",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", "2", "--processes", "2"), "--workers and --processes: give one of them"),
        (("--workers", "1", "--bind", "nowhere"), "--bind nowhere: give HOST:PORT, as in 127.0.0.1:5557"),
        (("--processes", "6"), "users: 5: 6 engines need at least 6, one a journey each"),
        (("--processes", "0"), "0: must be 1 or more"),
        (("--processes", "two"), "--processes: invalid"),
    ],
)
def test_bad_options(lab: Lab, options: tuple[str, ...], said: str) -> None:
    """Options that do not fit are named with what would be right."""
    lab.profile("failures < 1%")
    finished = lab.run_to(2, *options)
    assert said in finished.stderr


def test_unknown_profile(lab: Lab) -> None:
    """An unknown profile is answered with the nearest one."""
    lab.profile("failures < 1%")
    finished = lab.run(profile="quik")
    assert finished.returncode == 2
    assert "did you mean `quick`?" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_bad_threshold(lab: Lab) -> None:
    """A threshold that cannot be read is pointed at by its column."""
    lab.profile("response p98 < 1s")
    finished = lab.run_to(2)
    assert "quick.toml: thresholds[0]: 'response p98 < 1s', column 10: expected `mean`" in finished.stderr


@pytest.mark.parametrize("allowed", [(), ("--allow-remote", "192.0.2.2")], ids=["unsaid", "another"])
def test_remote_target(lab: Lab, allowed: tuple[str, ...]) -> None:
    """Load on another machine needs its name said aloud."""
    lab.profile("failures < 1%")
    lab.target('base_url = "http://192.0.2.1:80"')
    finished = lab.run_to(2, *allowed)
    assert "http://192.0.2.1:80 is not on this machine" in finished.stderr
    assert "--allow-remote 192.0.2.1" in finished.stderr
