"""Pipelines, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.repositories.base import Page, Repository


@dataclass(frozen=True)
class PipelineFilter:
    """Which pipelines a list shows; None leaves that column free."""

    status: PipelineStatus | None = None
    branch: str | None = None
    owner: str | None = None


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

    def list_page(self, wanted: PipelineFilter, limit: int, after: int | None = None) -> Page[Pipeline]:
        """Return up to `limit` pipelines with ids below `after`, highest id first."""
        query = select(Pipeline).order_by(Pipeline.id.desc())
        if wanted.status is not None:
            query = query.where(Pipeline.status == wanted.status)
        if wanted.branch is not None:
            query = query.where(Pipeline.branch == wanted.branch)
        if wanted.owner is not None:
            owner_id = select(Admin.id).where(Admin.username == wanted.owner).scalar_subquery()
            query = query.where(Pipeline.owner_id == owner_id)
        if after is not None:
            query = query.where(Pipeline.id < after)
        return self._page(query, limit)

    def insert_missing(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert the rows whose run_id is not there yet; return the ids of the new ones."""
        statement = insert(Pipeline).on_conflict_do_nothing(index_elements=[Pipeline.run_id])
        return list(self._session.scalars(statement.returning(Pipeline.id), rows))
