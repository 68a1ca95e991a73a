"""Pipelines to look at, newest first: rows, which take half the time of objects that could be changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, bindparam, select

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.repositories.base import Page, cut_page


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
"""The columns of a pipeline, and `owner_name`."""
_SHOWN: Select[Any] = select(*_TABLE.c, _OWNERS.c.username.label("owner_name")).join_from(_TABLE, _OWNERS)
_WANTED_OWNERS = _OWNERS.alias()
# Made once: to build a statement takes as long as to run it.
_SHOWN_ONE = _SHOWN.where(_TABLE.c.id == bindparam("identity", type_=BigInteger))


class PipelineViewRepository:
    """Reads `pipelines` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, identity: int) -> ShownPipeline | None:
        """Return the pipeline with this id."""
        return self._connection.execute(_SHOWN_ONE, {"identity": identity}).one_or_none()

    def list_page(self, wanted: PipelineFilter, limit: int, after: int | None = None) -> Page[ShownPipeline]:
        """Return up to `limit` pipelines with ids below `after`, highest id first."""
        query = _SHOWN.where(*_conditions(wanted)).order_by(_TABLE.c.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(_TABLE.c.id < after)
        return cut_page(self._connection.execute(query).all(), limit)


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
