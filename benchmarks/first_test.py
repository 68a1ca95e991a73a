"""A pytest plugin for `benchmarks.startup`: keeps one test that uses both services, and notes when its body begins."""

import time
from pathlib import Path

import pytest

NEEDED = {"database_url", "redis_url"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where to write the time."""
    parser.addoption("--first-test-at", type=Path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the first test that needs every service, after the whole suite was collected."""
    items[:] = [item for item in items if set(getattr(item, "fixturenames", ())) >= NEEDED][:1]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Write the monotonic clock, which all processes of a machine share, just before the body runs."""
    item.config.option.first_test_at.write_text(str(time.monotonic()))
