"""`make prove`, whole: warm, and cold from a clone with no caches of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.record import Sample

CACHES = ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache", "PROVING_GROUND_CACHE")
PROJECT = Path(__file__).resolve().parent.parent


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield wall seconds of a cold run in a fresh clone, then of a warm one in the same clone."""
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder) / "clone"
            subprocess.run(["git", "clone", "--quiet", PROJECT, clone], check=True)
            caches = {name: str(Path(folder) / name) for name in CACHES}
            yield {
                ("cold", "wall_s", "s"): _prove(clone, caches),
                ("warm", "wall_s", "s"): _prove(clone, caches),
            }
            shutil.rmtree(clone)


def _prove(clone: Path, caches: Mapping[str, str]) -> float:
    outside = {key: value for key, value in os.environ.items() if not key.startswith("TOX")}  # we run inside tox
    started = time.monotonic()
    subprocess.run(["make", "prove"], cwd=clone, env={**outside, **caches}, check=True)
    return time.monotonic() - started
