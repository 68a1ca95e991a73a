"""Counts over all pipelines; Postgres answers each from an index alone where that is the cheaper way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from reference_app.models import Admin, Pipeline, PipelineStatus
from reference_app.reader import Reader, as_text


@dataclass(frozen=True)
class OwnerCount:
    """A user, and how many pipelines are theirs."""

    owner: str
    count: int


@dataclass(frozen=True)
class DayCount:
    """A day (UTC), and how many pipelines were created on it."""

    day: date
    count: int


# A range of the index for each day: several times as fast as computing the day of each of a million rows.
_BY_DAY = """
SELECT (
    SELECT count(*) FROM pipelines WHERE created_at >= starts AND created_at < starts + interval '24 hours'
) AS count
FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '24 hours') AS starts
ORDER BY starts
"""
_BY_STATUS = as_text(select(Pipeline.status, func.count().label("count")).group_by(Pipeline.status))
_OWNED = select(Pipeline.owner_id, func.count().label("count")).group_by(Pipeline.owner_id).subquery()
_BY_OWNER = as_text(
    select(Admin.username.label("owner"), _OWNED.c.count)
    .join(_OWNED, _OWNED.c.owner_id == Admin.id)
    .order_by(_OWNED.c.count.desc(), Admin.username)
)


class StatisticsRepository:
    """Queries over `pipelines`; their number does not depend on how many rows there are."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def count_by_status(self) -> dict[PipelineStatus, int]:
        """Return how many pipelines stand in each status, zeros included."""
        counts = {PipelineStatus(row["status"]): row["count"] for row in self._reader.rows(_BY_STATUS)}
        return dict.fromkeys(PipelineStatus, 0) | counts

    def count_by_owner(self) -> Sequence[OwnerCount]:
        """Return how many pipelines each user has who has any, most first, then by name."""
        return [OwnerCount(**row) for row in self._reader.rows(_BY_OWNER)]

    def count_by_day(self, first: date, days: int) -> Sequence[DayCount]:
        """Return how many pipelines were created on each of `days` days from `first`, zeros included."""
        starts = datetime.combine(first, time(), UTC)
        bounds = {"first": starts, "last": starts + timedelta(days=days - 1)}
        rows = self._reader.rows(_BY_DAY, bounds)
        return [DayCount(first + timedelta(days=number), row["count"]) for number, row in enumerate(rows)]
