"""Whatever happens to pipelines, in whatever order, Postgres and a dictionary agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from reference_app.database import Database
from reference_app.errors import NotFoundError
from reference_app.models import Admin, PipelineStatus, Role
from reference_app.reader import Reader
from reference_app.repositories.audit_event import AuditEventRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.pipeline_view import PipelineFilter, PipelineViewRepository
from reference_app.repositories.statistics import StatisticsRepository
from reference_app.services.audit import AuditTrail
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Origin, Principal
from reference_app.services.statistics import StatisticsService
from suites.patience import PATIENT
from suites.properties.pipeline_model import PipelineModel, row_of

USERS = {"alice": Role.MEMBER, "bob": Role.MEMBER, "admin": Role.ADMIN}
EVERYTHING = PipelineFilter()
NOBODYS_ID = 2**53 - 1

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = any_text.filter(bool)
branches = st.sampled_from(["main", "develop", "release/1.0"])
statuses = st.sampled_from(PipelineStatus)
shas = st.text("0123456789abcdef", min_size=40, max_size=40)
users = st.sampled_from(sorted(USERS))
creations = st.fixed_dictionaries(
    {"name": names, "branch": branches},
    optional={"description": st.none() | any_text, "commit_sha": st.none() | shas, "run_id": st.integers(1, 5)},
)
changes_without_status = st.fixed_dictionaries(
    {},
    optional={"name": names, "branch": branches, "description": st.none() | any_text, "commit_sha": st.none() | shas},
)
filters = st.builds(
    PipelineFilter,
    status=st.none() | statuses,
    branch=st.none() | branches | st.just("elsewhere"),
    owner=st.none() | users | st.just("nobody"),
)


version_lists = st.none() | st.frozensets(st.integers(1, 6), max_size=3)
"""Versions that a change may be meant for; None is any."""
places = st.integers(0, 9)
passing_s = st.sampled_from([-60.0, 0.0, 0.5, 90.0])
"""Time that passes before a step; sometimes backwards, as the clocks of two machines differ."""


def has_pipelines(machine: "PipelineMachine") -> bool:
    """Return whether there is a pipeline to take."""
    return bool(machine.model.rows)


@pytest.fixture
def principals(database: Database) -> dict[str, Principal]:
    """Add the users, once for all examples, and return them by name."""
    with database.transaction() as session:
        accounts = [Admin(username=name, password_hash="-", role=role) for name, role in USERS.items()]
        session.add_all(accounts)
        session.flush()
        return {account.username: Principal(account.id, account.username, account.role) for account in accounts}


class PipelineMachine(RuleBasedStateMachine):
    """Does the same to the service and to the model, each step in a transaction of its own.

    Steps take the pipeline at a place in the model, counted round: so they seldom miss, and shrink well.
    """

    def __init__(self, database: Database, principals: dict[str, Principal]) -> None:
        super().__init__()
        self.database = database
        self.principals = principals
        self.model = PipelineModel()
        self.deleted: list[int] = [NOBODYS_ID]
        self.clock = datetime(2026, 1, 1, tzinfo=UTC)
        with database.transaction() as session:
            session.execute(text("TRUNCATE pipelines CASCADE"))

    @contextmanager
    def service(self) -> Iterator[PipelineService]:
        """Give the service over a transaction of its own, with this machine's clock."""
        with self.database.transaction() as session:
            yield PipelineService(
                PipelineViewRepository(Reader.of(session.connection())),
                PipelineRepository(session),
                AuditTrail(AuditEventRepository(session), Origin()),
                now=lambda: self.clock,
            )

    @rule(user=users, fields=creations)
    def create(self, user: str, fields: dict[str, Any]) -> None:
        """Create a pipeline; a run_id that is taken is a conflict."""
        principal = self.principals[user]
        if error := self.model.expected_create_error(fields):
            with pytest.raises(error), self.service() as service:
                service.create(principal, fields)
            return
        with self.service() as service:
            identity = service.create(principal, fields).id
        self.model.create(identity, principal, fields)

    @precondition(has_pipelines)
    @rule(user=users, place=places, changes=changes_without_status, versions=version_lists)
    def edit(self, user: str, place: int, changes: dict[str, Any], versions: frozenset[int] | None) -> None:
        """Change fields of some versions; only the owner and admins may."""
        self._update(user, self._at(place), changes, versions)

    @precondition(has_pipelines)
    @rule(user=users, place=places, status=statuses, changes=changes_without_status, passed_s=passing_s)
    def move(self, user: str, place: int, status: PipelineStatus, changes: dict[str, Any], passed_s: float) -> None:
        """Try a status, perhaps with other fields: all of it happens or nothing."""
        self.clock += timedelta(seconds=passed_s)
        self._update(user, self._at(place), changes | {"status": status})

    @precondition(has_pipelines)
    @rule(place=places, good=st.booleans(), passed_s=passing_s)
    def advance(self, place: int, passed_s: float, *, good: bool) -> None:
        """Let a pipeline go on as it should, to a good end or a bad one."""
        self.clock += timedelta(seconds=passed_s)
        identity = self._at(place)
        following = {
            "queued": PipelineStatus.RUNNING,
            "running": PipelineStatus.SUCCESS if good else PipelineStatus.FAILED,
        }
        status = following.get(self.model.rows[identity]["status"], PipelineStatus.QUEUED)
        self._update("admin", identity, {"status": status})

    @precondition(has_pipelines)
    @rule(user=users, place=places, versions=version_lists)
    def delete(self, user: str, place: int, versions: frozenset[int] | None) -> None:
        """Delete a pipeline in some versions; only the owner and admins may."""
        principal, identity = self.principals[user], self._at(place)
        if error := self.model.expected_change_error(principal, identity, versions=versions):
            with pytest.raises(error), self.service() as service:
                service.delete(principal, identity, versions)
            return
        with self.service() as service:
            service.delete(principal, identity, versions)
        del self.model.rows[identity]
        self.deleted.append(identity)

    @rule(user=users, place=places)
    def touch_deleted(self, user: str, place: int) -> None:
        """Use a pipeline that is gone or never was: it can neither be read, changed nor deleted."""
        principal, identity = self.principals[user], self.deleted[place % len(self.deleted)]
        with pytest.raises(NotFoundError), self.service() as service:
            service.get(identity)
        with pytest.raises(NotFoundError), self.service() as service:
            service.delete(principal, identity)
        self._update(user, identity, {})

    @rule(wanted=filters, limit=st.integers(1, 4))
    def list_pages(self, wanted: PipelineFilter, limit: int) -> None:
        """Walk a filtered list page by page: everything once, newest first, no page too long or empty."""
        assert self._walk(wanted, limit) == self.model.listed(wanted)

    @invariant()
    def rows_agree(self) -> None:
        """Every row is as the model says, and there are no others."""
        with self.service() as service:
            rows = {pipeline.id: row_of(pipeline) for pipeline in service.list_page(EVERYTHING, limit=1000).items}
        with self.database.reading() as reader:
            counts = StatisticsService(StatisticsRepository(reader)).by_status()
        assert rows == self.model.rows
        assert counts == {status: self._count(status) for status in PipelineStatus}

    def _at(self, place: int) -> int:
        return sorted(self.model.rows)[place % len(self.model.rows)]

    def _count(self, status: PipelineStatus) -> int:
        return sum(row["status"] is status for row in self.model.rows.values())

    def _update(
        self, user: str, identity: int, changes: dict[str, Any], versions: frozenset[int] | None = None
    ) -> None:
        principal = self.principals[user]
        if error := self.model.expected_change_error(principal, identity, changes.get("status"), versions):
            with pytest.raises(error), self.service() as service:
                service.update(principal, identity, changes, versions)
            return
        with self.service() as service:
            service.update(principal, identity, changes, versions)
        self.model.change(identity, changes, self.clock)

    def _walk(self, wanted: PipelineFilter, limit: int) -> list[int]:
        seen: list[int] = []
        after = None
        with self.service() as service:
            while True:
                page = service.list_page(wanted, limit, after)
                assert len(page.items) <= limit
                assert page.items or not seen
                ids = [pipeline.id for pipeline in page.items]
                assert not set(ids) & set(seen)
                seen += ids
                if page.next_after is None:
                    return seen
                after = page.next_after


@pytest.mark.timeout(420)  # finding the smallest example of a failure may take Hypothesis five minutes
def test_pipelines(database: Database, principals: dict[str, Principal]) -> None:
    """Creating, changing, moving, deleting and listing agree with a dictionary, refusals included."""
    run_state_machine_as_test(
        lambda: PipelineMachine(database, principals),
        settings=settings(PATIENT, max_examples=40, stateful_step_count=25),
    )
