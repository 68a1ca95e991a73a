"""Made-up data, the same every time: two members, one admin, and any number of pipelines.

Running it again adds only what is missing: accounts go by name, pipelines by run_id.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reference_app.models import Admin, LogLevel, PipelineStatus, Role
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.services.accounts import AccountService

ROLES: Mapping[str, Role] = {"alice": Role.MEMBER, "bob": Role.MEMBER, "admin": Role.ADMIN}
FIRST_RUN_ID = 9_000_000_000
"""Seeded run_ids start here, out of the way of those that people choose."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 1_000
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

    def __init__(self, accounts: AccountService, pipelines: PipelineRepository, logs: DeploymentLogRepository) -> None:
        self._accounts = accounts
        self._pipelines = pipelines
        self._logs = logs

    def add_missing(self, passwords: Mapping[str, str], pipeline_count: int) -> int:
        """Add the accounts of `passwords` (by name) and pipelines; return how many pipelines are new."""
        owners = [self._ensure_account(name, passwords[name]).id for name in ROLES]
        added = 0
        for first in range(0, pipeline_count, BATCH):
            numbers = range(first, min(first + BATCH, pipeline_count))
            ids = self._pipelines.insert_missing([_pipeline_row(number, owners) for number in numbers])
            self._logs.insert_all([row for identity in ids for row in _log_rows(identity)])
            added += len(ids)
        return added

    def _ensure_account(self, username: str, password: str) -> Admin:
        return self._accounts.find(username) or self._accounts.create(username, password, ROLES[username])


def _pipeline_row(number: int, owners: list[int]) -> dict[str, Any]:
    workflow = WORKFLOWS[number % len(WORKFLOWS)]
    return {
        "name": f"{workflow} #{number}",
        "description": f"Seeded pipeline {number}.",
        "owner_id": owners[number % len(owners)],
        "branch": BRANCHES[number % len(BRANCHES)],
        "commit_sha": f"{number:040x}",
        "commit_message": f"Change number {number}",
        "workflow_name": workflow,
        "run_id": FIRST_RUN_ID + number,
        "run_number": number + 1,
        **_times(number),
    }


def _times(number: int) -> dict[str, Any]:
    status = STATUSES[number % len(STATUSES)]
    started_at = EPOCH + timedelta(minutes=number)
    duration_s = 30.0 + number % 600
    completed_at = started_at + timedelta(seconds=duration_s)
    return {
        "status": status,
        "started_at": None if status is PipelineStatus.QUEUED else started_at,
        "completed_at": completed_at if status.is_final else None,
        "duration_s": duration_s if status.is_final else None,
    }


def _log_rows(pipeline_id: int) -> list[dict[str, Any]]:
    return [{"pipeline_id": pipeline_id, "level": level, "message": message} for level, message in LOG_LINES]
