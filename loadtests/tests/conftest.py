"""A tiny server and a target around it, for runs of the real command."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from harness.results import LoadSummary, Results
from loadtests.messages import Second

ROOT = Path(__file__).parents[2]
RUN_TIMEOUT_S = 60

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
    ) -> None:
        """Write the profile `quick`."""
        head = f"users = {users}\npatience_s = {patience_s}\nthresholds = {list(thresholds)}"
        text = f"{head}\n[journeys]\n{journeys}\n{stages}"
        (self.folder / "profiles" / "quick.toml").write_text(text)

    def command(self, profile: str = "quick", *options: str) -> list[str]:
        """Return the command line of a run."""
        common = ("--target", str(self.folder / "target.toml"), "--results", str(self.results.folder))
        return [sys.executable, "-m", "loadtests", "run", profile, *common, "--seed", "1", *options]

    def run(self, profile: str = "quick", *options: str) -> subprocess.CompletedProcess[str]:
        """Run a profile to its end."""
        command = self.command(profile, *options)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)

    def start(self) -> subprocess.Popen[str]:
        """Start a run, and return it when its first line of progress is there."""
        process = subprocess.Popen(self.command(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert "left" in process.stdout.readline()
        return process

    def summary(self) -> LoadSummary:
        """Read what the last run of `quick` left."""
        return self.results.read(LoadSummary, "quick")

    def timeline(self) -> list[Second]:
        """Read the seconds of the last run of `quick`."""
        lines = (self.results.folder / "load/quick/timeline.jsonl").read_text().splitlines()
        return [msgspec.json.decode(line, type=Second) for line in lines]


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve the tiny server."""
    command = [sys.executable, str(Path(__file__).with_name("tiny_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(process, f"http://127.0.0.1:{process.stdout.readline().strip()}")
        process.kill()


@pytest.fixture
def lab(tmp_path: Path, server: Server) -> Lab:
    """Give a target that is the tiny server."""
    return Lab(tmp_path, server.base_url)
