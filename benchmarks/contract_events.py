"""A pytest plugin for `benchmarks.contract`: keeps the events of the Schemathesis runs of the contract suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.guardian import Guardian


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where to put them."""
    parser.addoption("--events-to", type=Path)


@pytest.fixture(scope="session", autouse=True)
def keep_events(guardian: Guardian, pytestconfig: pytest.Config) -> Iterator[None]:
    """Copy them when all tests are done, before the folder that they are in is removed."""
    yield
    with pytestconfig.option.events_to.open("wb") as kept:
        for events in sorted(guardian.folder.rglob("events.ndjson")):
            kept.write(events.read_bytes())
