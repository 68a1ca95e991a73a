"""Runs of our load command on a server of a benchmark: a target, a journey and a profile in a folder of their own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.command_line import PROJECT
from harness.load_records import LoadSummary
from harness.results import Results

JOURNEY = """
from locust import task
from loadtests.client.user import LeanHttpUser

class Reader(LeanHttpUser):
    @task
    def read(self):
        self.client.get("/")
"""
TIMEOUT_S = 1200.0


class LoadLab:
    """A folder with everything that a run needs."""

    SEED = 1

    def __init__(self, folder: Path, base_url: str) -> None:
        self._folder = folder
        self.results = Results(folder / "results")
        for part in ("journeys", "profiles"):
            (folder / part).mkdir(parents=True)
        (folder / "journeys" / "reader.py").write_text(JOURNEY)
        load = '[load]\njourneys = "journeys"\nprofiles = "profiles"\n'
        (folder / "target.toml").write_text(f'name = "bench"\nbase_url = "{base_url}"\n{load}')

    def profile(self, name: str) -> Path:
        """Return the file of a profile."""
        return self._folder / "profiles" / f"{name}.toml"

    def start(self, name: str, profile: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start a run of a profile; `prefix` is what its command stands behind, as in `taskset -c 0`."""
        self.profile(name).write_text(profile.replace("[[stages]]", "[journeys]\nReader = 1\n[[stages]]", 1))
        target, results = str(self._folder / "target.toml"), str(self.results.folder)
        command = [sys.executable, "-m", "loadtests", "run", name, "--target", target, "--results", results]
        return subprocess.Popen(
            [*prefix, *command, "--seed", str(self.SEED)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def finish(self, name: str, process: subprocess.Popen[str]) -> LoadSummary:
        """Wait for a run and return its summary; a run that cannot be trusted is none."""
        said, _ = process.communicate(timeout=TIMEOUT_S)
        summary = self.results.read(LoadSummary, name)
        assert summary.total.count, said
        assert not summary.total.failures, said
        return summary

    def run(self, name: str, profile: str, prefix: Sequence[str] = ()) -> LoadSummary:
        """Run a profile to its end."""
        return self.finish(name, self.start(name, profile, prefix))
