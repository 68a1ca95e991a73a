"""Pipelines, newest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.repositories.base import DuplicateError, Page, Repository


@dataclass(frozen=True)
class PipelineFilter:
    """Which pipelines a list shows; None leaves that column free."""

    status: PipelineStatus | None = None
    branch: str | None = None
    owner: str | None = None
    workflow: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


class PipelineRepository(Repository[Pipeline]):
    """Rows of `pipelines`."""

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

    def list_page(self, wanted: PipelineFilter, limit: int, after: int | None = None) -> Page[Pipeline]:
        """Return up to `limit` pipelines with ids below `after`, highest id first."""
        query = select(Pipeline).where(*_conditions(wanted)).order_by(Pipeline.id.desc())
        if after is not None:
            query = query.where(Pipeline.id < after)
        return self._page(query, limit)


_CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "status": lambda status: Pipeline.status == status,
    "branch": lambda branch: Pipeline.branch == branch,
    "owner": lambda name: Pipeline.owner_id == select(Admin.id).where(Admin.username == name).scalar_subquery(),
    "workflow": lambda workflow: Pipeline.workflow_name == workflow,
    "created_from": lambda moment: Pipeline.created_at >= moment,
    "created_before": lambda moment: Pipeline.created_at < moment,
}


def _conditions(wanted: PipelineFilter) -> list[ColumnElement[bool]]:
    return [_CONDITIONS[name](value) for name, value in vars(wanted).items() if value is not None]
