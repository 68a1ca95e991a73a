"""Pipelines, newest first."""

from dataclasses import dataclass

from sqlalchemy import func, select

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

    def count_by_status(self) -> dict[PipelineStatus, int]:
        """Return how many pipelines stand in each status, zeros included."""
        query = select(Pipeline.status, func.count()).group_by(Pipeline.status)
        return dict.fromkeys(PipelineStatus, 0) | dict(self._session.execute(query).all())
