"""Nearly every test here needs the services: they start while the tests are being collected."""

import pytest

from harness.fixtures import is_worker, services_process


def pytest_configure(config: pytest.Config) -> None:
    """Start ahead."""
    if not (is_worker(config) or config.option.collectonly):
        services_process(config, now=True)
