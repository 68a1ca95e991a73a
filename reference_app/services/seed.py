"""Made-up data, the same every time but for its dates: two members, one admin, and any number of pipelines.

Whoever asks for it gets more members, who own nothing.

Running it again adds only what is missing: accounts go by name, pipelines by run_id.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from reference_app.models import Admin, LogLevel, PipelineStatus, Role
from reference_app.repositories.seed import SeedRepository
from reference_app.services.accounts import AccountService
from reference_app.services.clock import Clock, utc_now

ROLES: Mapping[str, Role] = {"alice": Role.MEMBER, "bob": Role.MEMBER, "admin": Role.ADMIN}
FIRST_RUN_ID = 9_000_000_000
"""Seeded run_ids start here, out of the way of those that people choose."""
DAYS = 91
"""Over how many days the pipelines are spread, the last of them yesterday, so that statistics have something to show.

It shares no factor with the other cycles, so each day has all kinds.
"""
PAUSE_S = 7
"""Between two pipelines of one day: a million of them fit."""
BATCH = 50_000
LOGGED = 5_000
"""How many pipelines, the newest, have log lines: enough to look at, and a million stay quick."""
BRANCHES = ("main", "develop", "release/1.0", "feature/login", "fix/timeouts")
WORKFLOWS = ("build", "test", "deploy")
STATUSES = tuple(PipelineStatus)
LOG_LINES = (
    (LogLevel.INFO, "Checked out the sources."),
    (LogLevel.DEBUG, "Restored the cache."),
    (LogLevel.WARNING, "A dependency is out of date."),
)


class Seed:
    """Adds the data inside one transaction."""

    def __init__(self, accounts: AccountService, pipelines: SeedRepository, now: Clock = utc_now) -> None:
        self._accounts = accounts
        self._pipelines = pipelines
        self._today = now().replace(hour=0, minute=0, second=0, microsecond=0)

    def add_missing(
        self, passwords: Mapping[str, str], pipeline_count: int, progress: Callable[[int], None] = lambda _done: None
    ) -> int:
        """Add the accounts of `passwords` (by name) and pipelines; return how many pipelines are new.

        `progress` is told after each batch how many pipelines are dealt with.
        """
        self._pipelines.open()
        owners = [self._ensure_account(name, passwords[name]).id for name in ROLES]
        for name in passwords:
            self._ensure_account(name, passwords[name])
        added = 0
        logged_from = FIRST_RUN_ID + pipeline_count - LOGGED
        for first in range(0, pipeline_count, BATCH):
            end = min(first + BATCH, pipeline_count)
            rows = _rows(range(first, end), owners, self._today - timedelta(days=DAYS))
            added += self._pipelines.add_missing(rows, LOG_LINES, logged_from)
            progress(end)
        return added

    def _ensure_account(self, username: str, password: str) -> Admin:
        return self._accounts.find(username) or self._accounts.create(
            username, password, ROLES.get(username, Role.MEMBER)
        )


def _rows(numbers: range, owners: list[int], first_day: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of `STAGED_COLUMNS`: tuples, because a million dictionaries take seconds more."""
    for number in numbers:
        workflow = WORKFLOWS[number % len(WORKFLOWS)]
        status = STATUSES[number % len(STATUSES)]
        created_at = first_day + timedelta(days=number % DAYS, seconds=number // DAYS * PAUSE_S)
        duration_s = 30.0 + number % 600 if status.is_final else None
        yield (
            f"{workflow} #{number}",
            f"Seeded pipeline {number}.",
            status.value,
            owners[number % len(owners)],
            BRANCHES[number % len(BRANCHES)],
            f"{number:040x}",
            f"Change number {number}",
            workflow,
            FIRST_RUN_ID + number,
            number + 1,
            None if status is PipelineStatus.QUEUED else created_at,
            None if duration_s is None else created_at + timedelta(seconds=duration_s),
            duration_s,
            created_at,
        )
