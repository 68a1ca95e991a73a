"""A tiny server and a target around it, for runs of the real command."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import settings

from harness.load_records import LoadSecond, LoadSummary
from harness.results import Results

ROOT = Path(__file__).parents[2]
RUN_TIMEOUT_S = 100
SEED = 1
# How late a generator may be follows from the tightest latency that is judged: with this one, 12 s. Without any a busy
# machine's pause of 100 ms makes a short run inconclusive.
PATIENT = "response max < 60s"

settings.register_profile("load", deadline=None)  # a busy machine's pause is not a failure
settings.load_profile("load")

READER = """
from locust import FastHttpUser, task

class Reader(FastHttpUser):
    @task
    def read(self):
        self.client.get("/")
"""


class Server(NamedTuple):
    """The tiny server's process, and where it listens."""

    process: subprocess.Popen[str]
    base_url: str


class Lab:
    """A target folder whose journeys and profiles a test writes, and the command to run them."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self.base_url = base_url
        self.results = Results(folder / "results")
        self.started: list[subprocess.Popen[str]] = []
        for part in ("journeys", "profiles"):
            (folder / part).mkdir()
        self.journey(READER)
        self.target(f'base_url = "{base_url}"')

    def target(self, lines: str) -> None:
        """Write target.toml with these lines."""
        load = '[load]\njourneys = "journeys"\nprofiles = "profiles"\n'
        (self.folder / "target.toml").write_text(f'name = "tiny"\n{lines}\n{load}')

    def journey(self, source: str, name: str = "reader") -> None:
        """Write a file of journeys."""
        (self.folder / "journeys" / f"{name}.py").write_text(source)

    def profile(
        self,
        *thresholds: str,
        stages: str = "[[stages]]\nduration_s = 1\nrate = 50\n",
        journeys: str = "Reader = 1",
        users: int = 5,
        patience_s: float = 5,
        arrivals: str = "even",
    ) -> None:
        """Write the profile `quick`; its last threshold is one that no pause of the machine breaks."""
        judged = [*thresholds, PATIENT]
        head = f'arrivals = "{arrivals}"\nusers = {users}\npatience_s = {patience_s}\nthresholds = {judged}'
        text = f"{head}\n[journeys]\n{journeys}\n{stages}"
        (self.folder / "profiles" / "quick.toml").write_text(text)

    def command(self, *options: str, part: str = "run", profile: str = "quick") -> list[str]:
        """Return the command line of a run."""
        common = ("--target", str(self.folder / "target.toml"), "--results", str(self.results.folder))
        return [sys.executable, "-m", "loadtests", part, profile, *common, "--seed", str(SEED), *options]

    def run(self, *options: str, profile: str = "quick") -> subprocess.CompletedProcess[str]:
        """Run a profile to its end."""
        command = self.command(*options, profile=profile)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)

    def run_to(self, code: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the profile `quick` to its end with this exit code; what a run with another one said is the error."""
        done = self.run(*options)
        assert done.returncode == code, f"exit code {done.returncode} after:\n{done.stdout}{done.stderr}"
        return done

    def start(self, *options: str, part: str = "run", until: str = " left") -> tuple[subprocess.Popen[str], str]:
        """Start a run; return it and a line it says, when it does: by default the first one of progress."""
        process = self.popen(self.command(*options, part=part))
        return process, heard(process, until)

    def join(self, address: str, *options: str) -> subprocess.Popen[str]:
        """Start a worker."""
        target = str(self.folder / "target.toml")
        command = [sys.executable, "-m", "loadtests", "worker", "--join", address, "--target", target, *options]
        return self.popen(command)

    def popen(self, command: list[str]) -> subprocess.Popen[str]:
        """Start a command, which ends with the test at the latest."""
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what was started and still runs."""
        for process in self.started:
            process.kill()
            process.communicate()

    def summary(self) -> LoadSummary:
        """Read what the last run of `quick` left."""
        return self.results.read(LoadSummary, "quick")

    def timeline(self) -> list[LoadSecond]:
        """Read the seconds of the last run of `quick`."""
        lines = (self.results.folder / "load/quick/timeline.jsonl").read_text().splitlines()
        return [msgspec.json.decode(line, type=LoadSecond) for line in lines]


def heard(process: subprocess.Popen[str], word: str) -> str:
    """Wait until a process says a word, and return that line."""
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"it ended without saying {word!r}: {process.stderr.read()}")


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a process and return what else it said."""
    return process.communicate(timeout=RUN_TIMEOUT_S)[0]


def serve(*arguments: str) -> subprocess.Popen[str]:
    """Start a tiny server."""
    command = [sys.executable, str(Path(__file__).with_name("tiny_server.py")), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve the tiny server."""
    with serve() as process:
        yield Server(process, f"http://127.0.0.1:{heard_port(process)}")
        process.kill()


@pytest.fixture
def other_server() -> Iterator[Server]:
    """Serve another one, to which no load may go."""
    with serve() as process:
        yield Server(process, f"http://127.0.0.1:{heard_port(process)}")
        process.kill()


def heard_port(process: subprocess.Popen[str]) -> str:
    """Return the port that a tiny server printed: it listens now."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def lab(tmp_path: Path, server: Server) -> Iterator[Lab]:
    """Give a target that is the tiny server."""
    made = Lab(tmp_path, server.base_url)
    yield made
    made.close()
