"""From the command to the first test body: `pytest suites/integration`, Postgres and Redis started included."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.record import Sample


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield seconds from the command to the first test body that has both services; one run warms caches first."""
    _first_test_s()
    for _ in range(repeats):
        yield {("integration", "first_test_s", "s"): _first_test_s()}


def _first_test_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "at"
        command = [sys.executable, "-m", "pytest", "suites/integration", "-q", "-p", "benchmarks.first_test"]
        command += ["--first-test-at", str(noted), "--services", "embedded", "--results", folder]
        started = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return float(noted.read_text()) - started
