"""The rules of pipelines that need no database."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from reference_app.errors import ConflictError
from reference_app.models import Pipeline, PipelineStatus, Role
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.pipeline_view import PipelineViewRepository
from reference_app.services.audit import AuditTrail
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Principal

QUEUED, RUNNING, SUCCESS, FAILED = PipelineStatus
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OWNER = Principal(1, "alice", Role.MEMBER)
ALLOWED = {(QUEUED, RUNNING), (QUEUED, FAILED), (RUNNING, SUCCESS), (RUNNING, FAILED)}


class OnePipeline(PipelineRepository):
    """A repository that holds one pipeline of alice's."""

    def __init__(self, status: PipelineStatus, started_at: datetime | None = None) -> None:
        self.row = Pipeline(id=1, owner_id=OWNER.user_id, status=status, started_at=started_at)
        self.saves = 0

    def get_for_update(self, identity: int) -> Pipeline | None:
        """Return the pipeline for its id."""
        return self.row if identity == self.row.id else None

    def save(self) -> None:
        """Count the saves."""
        self.saves += 1


class NoViews(PipelineViewRepository):
    """Nothing to look at: these tests change."""

    def __init__(self) -> None:
        pass


class NoTrail(AuditTrail):
    """An audit trail that keeps nothing."""

    def __init__(self) -> None:
        pass

    def done(self, *_event: object, **_details: object) -> None:
        """Forget it."""


def move(repository: OnePipeline, status: PipelineStatus, now: datetime = NOON) -> Pipeline:
    """Let the owner move the pipeline at this time."""
    return PipelineService(NoViews(), repository, NoTrail(), now=lambda: now).update(OWNER, 1, {"status": status})


@pytest.mark.parametrize(("present", "following"), [*product(PipelineStatus, PipelineStatus)])
def test_order(present: PipelineStatus, following: PipelineStatus) -> None:
    """A status is followed by those that may follow, or by itself, and by no other."""
    repository = OnePipeline(present, NOON)
    if present is following or (present, following) in ALLOWED:
        assert move(repository, following).status is following
        assert repository.saves == (present is not following)
    else:
        with pytest.raises(ConflictError, match=f"is {present} cannot become {following}"):
            move(repository, following)
        assert (repository.row.status, repository.saves) == (present, 0)


def test_duration() -> None:
    """The duration is what passed between start and end, in seconds."""
    done = move(OnePipeline(RUNNING, NOON), SUCCESS, NOON + timedelta(seconds=90.5))
    assert (done.completed_at, done.duration_s) == (NOON + timedelta(seconds=90.5), 90.5)


def test_clock_went_back() -> None:
    """A pipeline does not end before it started, whatever the clock says."""
    done = move(OnePipeline(RUNNING, NOON), FAILED, NOON - timedelta(seconds=5))
    assert (done.completed_at, done.duration_s) == (NOON, 0.0)
