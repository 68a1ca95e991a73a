"""Counts over all pipelines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from reference_app.models import PipelineStatus
from reference_app.repositories.statistics import DayCount, OwnerCount, StatisticsRepository
from reference_app.services.clock import Clock, utc_now


@dataclass(frozen=True)
class Statistics:
    """Counts by status and by day of creation (UTC, oldest first), zeros included; by owner, most first."""

    per_status: Mapping[PipelineStatus, int]
    per_owner: Sequence[OwnerCount]
    per_day: Sequence[DayCount]

    @property
    def total(self) -> int:
        """All pipelines."""
        return sum(self.per_status.values())


class StatisticsService:
    """Reads the counts over one connection."""

    def __init__(self, statistics: StatisticsRepository, now: Clock = utc_now) -> None:
        self._statistics = statistics
        self._now = now

    def of_days(self, days: int) -> Statistics:
        """Return the counts; those by day for so many days (UTC), today included."""
        first: date = self._now().astimezone(UTC).date() - timedelta(days=days - 1)
        return Statistics(
            self._statistics.count_by_status(),
            self._statistics.count_by_owner(),
            self._statistics.count_by_day(first, days),
        )

    def by_status(self) -> Mapping[PipelineStatus, int]:
        """Return how many pipelines stand in each status."""
        return self._statistics.count_by_status()
