"""Pipelines, newest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.repositories.base import DuplicateError, Page, Repository, cut_page


@dataclass(frozen=True)
class PipelineFilter:
    """Which pipelines a list shows; None leaves that column free."""

    status: PipelineStatus | None = None
    branch: str | None = None
    owner: str | None = None
    workflow: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


_TABLE, _OWNERS = Pipeline.__table__, Admin.__table__
ShownPipeline = Row[Any]
"""A pipeline to look at: its columns, and `owner_name`. Reading it takes half the time of loading a `Pipeline`."""
_SHOWN: Select[Any] = select(*_TABLE.c, _OWNERS.c.username.label("owner_name")).join_from(_TABLE, _OWNERS)
_WANTED_OWNERS = _OWNERS.alias()


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

    def show(self, identity: int) -> ShownPipeline | None:
        """Return the pipeline with this id."""
        return self._session.connection().execute(_SHOWN.where(_TABLE.c.id == identity)).one_or_none()

    def list_page(self, wanted: PipelineFilter, limit: int, after: int | None = None) -> Page[ShownPipeline]:
        """Return up to `limit` pipelines with ids below `after`, highest id first."""
        query = _SHOWN.where(*_conditions(wanted)).order_by(_TABLE.c.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(_TABLE.c.id < after)
        return cut_page(self._session.connection().execute(query).all(), limit)


_CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "status": lambda status: _TABLE.c.status == status,
    "branch": lambda branch: _TABLE.c.branch == branch,
    "owner": lambda name: (
        _TABLE.c.owner_id == select(_WANTED_OWNERS.c.id).where(_WANTED_OWNERS.c.username == name).scalar_subquery()
    ),
    "workflow": lambda workflow: _TABLE.c.workflow_name == workflow,
    "created_from": lambda moment: _TABLE.c.created_at >= moment,
    "created_before": lambda moment: _TABLE.c.created_at < moment,
}


def _conditions(wanted: PipelineFilter) -> list[ColumnElement[bool]]:
    return [_CONDITIONS[name](value) for name, value in vars(wanted).items() if value is not None]
