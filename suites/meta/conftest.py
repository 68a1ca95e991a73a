"""Tests that measure run alone, also under pytest-xdist."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _alone_if_it_measures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take the suite's lock: shared for most tests, exclusive for those marked `alone`."""
    kind = fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH
    with _lock_file(request, tmp_path_factory).open("w") as lock:
        fcntl.flock(lock, kind)
        yield


def _lock_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return (folder.parent if hasattr(request.config, "workerinput") else folder) / "measuring.lock"
