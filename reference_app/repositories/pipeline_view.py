"""Pipelines to look at, newest first: rows, which take a fraction of the time of objects that could be changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, select, tuple_

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.reader import Reader, as_text


@dataclass(frozen=True)
class PipelineFilter:
    """Which pipelines a list shows; None leaves that column free."""

    status: PipelineStatus | None = None
    branch: str | None = None
    owner: str | None = None
    workflow: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


Position = tuple[datetime, int]
"""When a pipeline was created, and its id: ids alone are not in the order of time."""


@dataclass(frozen=True, slots=True)
class ShownPipeline:
    """A pipeline as readers see it: `fields` has the values of `SHOWN`, by name and in this order."""

    id: int
    version: int
    fields: Mapping[str, Any]

    @property
    def status(self) -> PipelineStatus:
        """Where it stands."""
        return PipelineStatus(self.fields["status"])

    @property
    def position(self) -> Position:
        """Its place in every list."""
        return self.fields["created_at"], self.id


@dataclass(frozen=True)
class ShownPage:
    """One page of a list, and the position to continue after (None on the last page)."""

    items: Sequence[ShownPipeline]
    next_after: Position | None


SHOWN = (
    *("id", "name", "description", "status", "owner", "branch", "commit_sha", "commit_message", "workflow_name"),
    *("run_id", "run_number", "run_attempt", "started_at", "completed_at", "duration_s", "created_at", "updated_at"),
)
_TABLE, _OWNERS = Pipeline.__table__, Admin.__table__
_WANTED_OWNERS = _OWNERS.alias()
_COLUMNS = {**_TABLE.c, "owner": _OWNERS.c.username.label("owner")}
_SHOWN: Select[Any] = select(*(_COLUMNS[name] for name in SHOWN), _TABLE.c.version).join_from(_TABLE, _OWNERS)
_CONDITIONS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[bool]]] = {
    "status": lambda status: _TABLE.c.status == status,
    "branch": lambda branch: _TABLE.c.branch == branch,
    "owner": lambda name: (
        _TABLE.c.owner_id == select(_WANTED_OWNERS.c.id).where(_WANTED_OWNERS.c.username == name).scalar_subquery()
    ),
    "workflow": lambda workflow: _TABLE.c.workflow_name == workflow,
    "created_from": lambda moment: _TABLE.c.created_at >= moment,
    "created_before": lambda moment: _TABLE.c.created_at < moment,
}
_PLACE = (_TABLE.c.created_at, _TABLE.c.id)
_AFTER = tuple_(*_PLACE) < tuple_(
    bindparam("after_created_at", type_=_TABLE.c.created_at.type), bindparam("after_id", type_=BigInteger)
)


class PipelineViewRepository:
    """Reads `pipelines`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get(self, identity: int) -> ShownPipeline | None:
        """Return the pipeline with this id."""
        rows = self._reader.rows(_ONE, {"identity": identity})
        return _shown(rows[0]) if rows else None

    def list_page(self, wanted: PipelineFilter, limit: int, after: Position | None = None) -> ShownPage:
        """Return up to `limit` pipelines that were created before those at `after`, newest first."""
        values = {name: value for name, value in vars(wanted).items() if value is not None}
        query = _page_query(frozenset(values), goes_on=after is not None)
        place = {"after_created_at": after[0], "after_id": after[1]} if after else {}
        rows = self._reader.rows(query, {**values, **place, "most": limit + 1})
        items = [_shown(row) for row in rows[:limit]]
        return ShownPage(items, items[-1].position if len(rows) > limit else None)


def _shown(row: dict[str, Any]) -> ShownPipeline:
    return ShownPipeline(row["id"], row.pop("version"), row)


_ONE = as_text(_SHOWN.where(_TABLE.c.id == bindparam("identity", type_=BigInteger)))


@cache
def _page_query(conditions: frozenset[str], *, goes_on: bool) -> str:
    query = _SHOWN.order_by(*(column.desc() for column in _PLACE)).limit(bindparam("most", type_=Integer))
    wanted = [_CONDITIONS[name](bindparam(name)) for name in sorted(conditions)]
    return as_text(query.where(*wanted, *([_AFTER] if goes_on else [])))
