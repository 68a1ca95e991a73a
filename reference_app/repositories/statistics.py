"""Counts over all pipelines; Postgres answers each from an index alone where that is the cheaper way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select, text

from reference_app.models import Admin, Pipeline, PipelineStatus


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
_BY_DAY = text("""
SELECT (SELECT count(*) FROM pipelines WHERE created_at >= starts AND created_at < starts + interval '24 hours')
FROM generate_series(CAST(:first AS timestamptz), CAST(:last AS timestamptz), interval '24 hours') AS starts
ORDER BY starts
""")


class StatisticsRepository:
    """Queries over `pipelines`; their number does not depend on how many rows there are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_by_status(self) -> dict[PipelineStatus, int]:
        """Return how many pipelines stand in each status, zeros included."""
        query = select(Pipeline.status, func.count()).group_by(Pipeline.status)
        return dict.fromkeys(PipelineStatus, 0) | dict(self._connection.execute(query).all())

    def count_by_owner(self) -> Sequence[OwnerCount]:
        """Return how many pipelines each user has who has any, most first, then by name."""
        counts = select(Pipeline.owner_id, func.count().label("count")).group_by(Pipeline.owner_id).subquery()
        query = select(Admin.username, counts.c.count).join(counts, counts.c.owner_id == Admin.id)
        rows = self._connection.execute(query.order_by(counts.c.count.desc(), Admin.username))
        return [OwnerCount(owner, count) for owner, count in rows]

    def count_by_day(self, first: date, days: int) -> Sequence[DayCount]:
        """Return how many pipelines were created on each of `days` days from `first`, zeros included."""
        starts = datetime.combine(first, time(), UTC)
        bounds = {"first": starts, "last": starts + timedelta(days=days - 1)}
        counts = self._connection.scalars(_BY_DAY, bounds)
        return [DayCount(first + timedelta(days=number), count) for number, count in enumerate(counts)]
