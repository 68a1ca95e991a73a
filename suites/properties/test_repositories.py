"""Accounts, tokens and log lines: whatever happens to them, Postgres and dictionaries agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from reference_app.database import Database
from reference_app.models import Admin, ApiToken, DeploymentLog, LogLevel, Pipeline, PipelineStatus, Role
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.api_token import ApiTokenRepository
from reference_app.repositories.base import DuplicateError, Page
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.pipeline import PipelineRepository
from suites.patience import PATIENT

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=1)
NAMES = ("alice", "bob", "carol")
Row = dict[str, Any]
names = st.sampled_from(NAMES)
places = st.integers(0, 9)
levels = st.sampled_from(LogLevel)


@dataclass
class Model:
    """What there is, by id: accounts, tokens (of an owner), pipelines (their lines in order)."""

    accounts: dict[int, Row] = field(default_factory=dict)
    tokens: dict[int, Row] = field(default_factory=dict)
    pipelines: dict[int, dict[int, Row]] = field(default_factory=dict)

    def account_named(self, name: str) -> int | None:
        """Return the id of the account of this name."""
        return next((identity for identity, row in self.accounts.items() if row["username"] == name), None)


class RepositoryMachine(RuleBasedStateMachine):
    """Repositories hold what dictionaries hold that were told the same, refuse the same, and list it in its order."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.clock = START
        with database.transaction() as session:
            session.execute(text("TRUNCATE admins CASCADE"))

    @rule(name=names, role=st.sampled_from(Role))
    def add_account(self, name: str, role: Role) -> None:
        """Add an account; a name is there once."""
        if self.model.account_named(name) is not None:
            with pytest.raises(DuplicateError), self.database.transaction() as session:
                AdminRepository(session).add(Admin(username=name, password_hash="-", role=role))
            return
        with self.database.transaction() as session:
            added = AdminRepository(session).add(Admin(username=name, password_hash="-", role=role))
        self.model.accounts[added.id] = {"username": name, "role": role, "active": True}

    @rule(name=names)
    def ensure_inactive(self, name: str) -> None:
        """Have an account of this name: the one that there is, as it is, or a new one that cannot log in."""
        with self.database.transaction() as session:
            account, is_new = AdminRepository(session).ensure_inactive(name, "-")
            identity = account.id
        known = self.model.account_named(name)
        assert (known, is_new) in {(None, True), (identity, False)}
        if known is None:
            self.model.accounts[identity] = {"username": name, "role": Role.MEMBER, "active": False}

    @precondition(lambda self: self.model.accounts)
    @rule(place=places, role=st.sampled_from(Role), active=st.booleans())
    def change_account(self, place: int, role: Role, *, active: bool) -> None:
        """Change an account under its lock."""
        identity = _at(self.model.accounts, place)
        with self.database.transaction() as session:
            accounts = AdminRepository(session)
            account = accounts.lock_one(identity)
            account.role, account.active = role, active
            accounts.save()
        self.model.accounts[identity] |= {"role": role, "active": active}

    @precondition(lambda self: self.model.accounts)
    @rule(place=places, number=st.integers(0, 4))
    def add_token(self, place: int, number: int) -> None:
        """Add a token; a hash is there once."""
        row = {"owner_id": _at(self.model.accounts, place), "token_hash": f"hash {number}"}
        token = ApiToken(name="token", scopes=[], expires_at=START, **row)
        if any(other["token_hash"] == row["token_hash"] for other in self.model.tokens.values()):
            with pytest.raises(DuplicateError), self.database.transaction() as session:
                ApiTokenRepository(session).add(token)
            return
        with self.database.transaction() as session:
            identity = ApiTokenRepository(session).add(token).id
        self.model.tokens[identity] = row | {"last_used_at": None}

    @precondition(lambda self: self.model.tokens)
    @rule(place=places, passed_s=st.sampled_from([0, 30, 60]))
    def use_token(self, place: int, passed_s: int) -> None:
        """Use a token: the time of it is noted once a minute."""
        self.clock += timedelta(seconds=passed_s)
        identity = _at(self.model.tokens, place)
        with self.database.transaction() as session:
            ApiTokenRepository(session).note_use(identity, self.clock, EVERY)
        last = self.model.tokens[identity]["last_used_at"]
        if last is None or last <= self.clock - EVERY:
            self.model.tokens[identity]["last_used_at"] = self.clock

    @precondition(lambda self: self.model.tokens)
    @rule(place=places)
    def delete_token(self, place: int) -> None:
        """Delete a token."""
        identity = _at(self.model.tokens, place)
        with self.database.transaction() as session:
            tokens = ApiTokenRepository(session)
            tokens.delete(_there(tokens.get(identity)))
        del self.model.tokens[identity]

    @precondition(lambda self: self.model.accounts)
    @rule(place=places)
    def add_pipeline(self, place: int) -> None:
        """Add a pipeline, whose log is empty."""
        owner_id = _at(self.model.accounts, place)
        with self.database.transaction() as session:
            row = Pipeline(name="build", branch="main", status=PipelineStatus.QUEUED, owner_id=owner_id)
            self.model.pipelines[PipelineRepository(session).add(row).id] = {}

    @precondition(lambda self: self.model.pipelines)
    @rule(place=places, lines=st.lists(st.tuples(levels, st.text("a\n☃", max_size=3)), min_size=1, max_size=3))
    def log(self, place: int, lines: Sequence[tuple[LogLevel, str]]) -> None:
        """Add lines to a pipeline's log."""
        pipeline_id = _at(self.model.pipelines, place)
        for level, message in lines:
            row = {"level": level, "message": message}
            with self.database.transaction() as session:
                line = DeploymentLogRepository(session).add(DeploymentLog(pipeline_id=pipeline_id, **row))
            self.model.pipelines[pipeline_id][line.id] = row

    @precondition(lambda self: self.model.pipelines)
    @rule(place=places)
    def delete_pipeline(self, place: int) -> None:
        """Delete a pipeline, and its log with it."""
        identity = _at(self.model.pipelines, place)
        with self.database.transaction() as session:
            pipelines = PipelineRepository(session)
            pipelines.delete(_there(pipelines.get(identity)))
        del self.model.pipelines[identity]

    @rule(name=names, number=st.integers(0, 4))
    def find(self, name: str, number: int) -> None:
        """Find an account by its name, and a token, with its owner, by its hash."""
        hashed = f"hash {number}"
        tokens = [identity for identity, row in self.model.tokens.items() if row["token_hash"] == hashed]
        with self.database.transaction() as session:
            account = AdminRepository(session).find_by_username(name)
            token = ApiTokenRepository(session).find_by_hash(hashed)
        assert self.model.account_named(name) == (account.id if account else None)
        assert tokens == ([token.id] if token else [])
        assert token is None or token.owner.username == self.model.accounts[token.owner_id]["username"]

    @rule(limit=st.integers(1, 3), level=st.none() | levels)
    def walk(self, limit: int, level: LogLevel | None) -> None:
        """Walk through the lists page by page: all of it, in its order, no page too long."""
        model = self.model
        with self.database.transaction() as session:
            accounts, tokens, lines = _repositories(session)
            assert _walk(accounts.list_page, limit) == list(model.accounts)
            for owner_id in model.accounts:
                own = [identity for identity, row in model.tokens.items() if row["owner_id"] == owner_id]
                shown = _walk(lambda limit, after, owner=owner_id: tokens.list_page(owner, limit, after), limit)
                assert shown == own[::-1]
            for pipeline_id, log in model.pipelines.items():
                wanted = [identity for identity, row in log.items() if level in {None, row["level"]}]
                shown = _walk(lambda limit, after, of=pipeline_id: lines.list_page(of, level, limit, after), limit)
                assert shown == wanted

    @invariant()
    def rows_agree(self) -> None:
        """Every row is as the model says, and there are no others."""
        with self.database.transaction() as session:
            stored = Model(
                {row.id: _fields(row, "username", "role", "active") for row in session.query(Admin)},
                {row.id: _fields(row, "owner_id", "token_hash", "last_used_at") for row in session.query(ApiToken)},
                {row.id: {} for row in session.query(Pipeline)},
            )
            for line in session.query(DeploymentLog):
                stored.pipelines[line.pipeline_id][line.id] = _fields(line, "level", "message")
        assert stored == self.model


def _repositories(session: Session) -> tuple[AdminRepository, ApiTokenRepository, DeploymentLogRepository]:
    return AdminRepository(session), ApiTokenRepository(session), DeploymentLogRepository(session)


def _walk(list_page: Callable[[int, int | None], Page[Any]], limit: int) -> list[int]:
    met: list[int] = []
    after = None
    while True:
        page = list_page(limit, after)
        assert len(page.items) <= limit
        met += [row.id for row in page.items]
        if page.next_after is None:
            return met
        after = page.next_after


def _at(rows: dict[int, Any], place: int) -> int:
    return list(rows)[place % len(rows)]


def _there(row: Any) -> Any:
    assert row is not None
    return row


def _fields(row: object, *named: str) -> Row:
    return {name: getattr(row, name) for name in named}


@pytest.mark.timeout(420)
def test_repositories(database: Database) -> None:
    """Adding, changing, finding, listing and deleting accounts, tokens and log lines agree with dictionaries."""
    run_state_machine_as_test(
        lambda: RepositoryMachine(database), settings=settings(PATIENT, max_examples=20, stateful_step_count=20)
    )
