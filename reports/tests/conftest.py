"""Fixtures of the report's tests."""

from pathlib import Path

import pytest

from harness.results import Results
from reports.tests.samples import write_sound


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Return an empty results folder."""
    return Results(tmp_path / "results").prepare()


@pytest.fixture
def sound(results: Results) -> Results:
    """Return a results folder with the evidence of a run in which all is well."""
    write_sound(results)
    return results
