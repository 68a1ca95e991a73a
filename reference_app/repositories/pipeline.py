"""Pipelines to change."""

from sqlalchemy import select

from reference_app.models import Pipeline
from reference_app.repositories.base import DuplicateError, Repository


class PipelineRepository(Repository[Pipeline]):
    """Rows of `pipelines`: to look at, or to change."""

    model = Pipeline

    def add(self, row: Pipeline) -> Pipeline:
        """Insert `row` and load its owner, so that it reads like any other."""
        super().add(row)
        self._session.refresh(row, ["owner"])
        return row

    def get_for_update(self, identity: int) -> Pipeline | None:
        """Return the pipeline and lock its row until the transaction ends."""
        query = select(Pipeline).where(Pipeline.id == identity).with_for_update(of=Pipeline)
        return self._session.scalar(query)

    def get_run_for_update(self, run_id: int) -> Pipeline | None:
        """Return the pipeline of this run and lock its row until the transaction ends."""
        query = select(Pipeline).where(Pipeline.run_id == run_id).with_for_update(of=Pipeline)
        return self._session.scalar(query)

    def add_run(self, row: Pipeline) -> bool:
        """Insert `row`; False, without harm to the transaction, when its run has been inserted meanwhile."""
        try:
            with self._session.begin_nested():
                self.add(row)
        except DuplicateError:
            return False
        return True
