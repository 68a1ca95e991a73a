"""Statistics of pipelines."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from reference_app.api.fields import from_decimal
from reference_app.api.shapes.base import Query, Result
from reference_app.models import PipelineStatus

LONGEST_DAYS = 366
DEFAULT_DAYS = 30

Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS), BeforeValidator(from_decimal)]


class StatisticsQuery(Query):
    """Of which time."""

    days: Days = Field(DEFAULT_DAYS, description="For how many days, today included, `per_day` counts.")


class OwnerCount(Result):
    """A user who owns pipelines."""

    owner: str
    count: int


class DayCount(Result):
    """A day, and how many pipelines were created on it."""

    day: date
    count: int


class StatisticsResult(Result):
    """Counts of all pipelines, but for `per_day`, which looks at the last days only."""

    total: int
    per_status: dict[PipelineStatus, int]
    per_owner: list[OwnerCount]
    per_day: list[DayCount]
