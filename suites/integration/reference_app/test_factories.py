"""The factories of test rows: every kind can be written, and a run's seed makes the same rows again."""

import pytest

from reference_app.backend import Backend
from reference_app.models import PipelineStatus
from suites.factories import DeploymentLogFactory, PipelineFactory, RowFactory, bound_to


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("kind", RowFactory.__subclasses__(), ids=lambda kind: kind.__name__)
def test_rows(kind: type[RowFactory]) -> None:
    """Postgres takes what a factory makes, several times over."""
    assert len(kind.create_batch(3)) == 3


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("status", PipelineStatus)
def test_statuses(status: PipelineStatus) -> None:
    """A pipeline of any status keeps the table's rules, and has the times that go with it."""
    pipeline = PipelineFactory(status=status)
    assert status.is_final == (pipeline.completed_at is not None) == (pipeline.duration_s is not None)


def names(backend: Backend, seed: str) -> list[str]:
    """Return what the pipelines that follow from a seed are called."""
    with bound_to(backend.database.engine, seed):
        return [row.name for row in PipelineFactory.build_batch(3)]


def test_seed(backend: Backend) -> None:
    """The same seed makes the same rows, another one others."""
    first, again, other = (names(backend, seed) for seed in ("1 test", "1 test", "2 test"))
    assert first == again
    assert first != other


@pytest.mark.usefixtures("rows")
def test_lines() -> None:
    """Lines can be those of one pipeline."""
    pipeline = PipelineFactory()
    lines = DeploymentLogFactory.create_batch(2, pipeline=pipeline)
    assert [line.pipeline_id for line in lines] == [pipeline.id] * 2
