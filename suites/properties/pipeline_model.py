"""Pipelines as a dictionary: the plainest program that must agree with the real one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reference_app.errors import ConflictError, ForbiddenError, NotFoundError, PreconditionFailedError
from reference_app.models import PipelineStatus, Role
from reference_app.repositories.pipeline_view import PipelineFilter, ShownPipeline
from reference_app.services.principal import Principal

Row = dict[str, Any]

MAY_FOLLOW = {
    ("queued", "running"),
    ("queued", "failed"),
    ("running", "success"),
    ("running", "failed"),
}
DEFAULTS: Row = {
    "description": None,
    "commit_sha": None,
    "run_id": None,
    "started_at": None,
    "completed_at": None,
    "duration_s": None,
}
COMPARED = ("id", "name", "branch", "status", "owner", "version", *DEFAULTS)


def row_of(pipeline: ShownPipeline) -> Row:
    """Return a real pipeline as the model's row."""
    shown = {**pipeline.fields, "status": pipeline.status, "version": pipeline.version}
    return {name: shown[name] for name in COMPARED}


@dataclass
class PipelineModel:
    """All pipelines by id. Its methods raise what the service must raise."""

    rows: dict[int, Row] = field(default_factory=dict)

    def expected_create_error(self, fields: Mapping[str, Any]) -> type[Exception] | None:
        """Return what creating with these fields must raise; None when it must work."""
        run_id = fields.get("run_id")
        taken = run_id is not None and any(row["run_id"] == run_id for row in self.rows.values())
        return ConflictError if taken else None

    def create(self, identity: int, principal: Principal, fields: Mapping[str, Any]) -> None:
        """Add a queued pipeline under the id that Postgres gave."""
        assert identity not in self.rows
        own = {"id": identity, "owner": principal.username, "status": PipelineStatus.QUEUED, "version": 1}
        self.rows[identity] = DEFAULTS | dict(fields) | own

    def expected_change_error(
        self,
        principal: Principal,
        identity: int,
        status: PipelineStatus | None = None,
        versions: Collection[int] | None = None,
    ) -> type[Exception] | None:
        """Return what a change (to `status`, if any) must raise: existence, then right, then version, then order."""
        row = self.rows.get(identity)
        if row is None:
            return NotFoundError
        if principal.role is not Role.ADMIN and row["owner"] != principal.username:
            return ForbiddenError
        if versions is not None and row["version"] not in versions:
            return PreconditionFailedError
        if status in {None, row["status"]} or (row["status"], status) in MAY_FOLLOW:
            return None
        return ConflictError

    def change(self, identity: int, changes: Mapping[str, Any], now: datetime) -> None:
        """Apply changes that are allowed; those that change nothing make no new version."""
        row = self.rows[identity]
        row["version"] += any(row[name] != value for name, value in changes.items())
        status = changes.get("status", row["status"])
        if status != row["status"] and status == "running":
            row["started_at"] = now
        elif status != row["status"]:
            started_at = row["started_at"]
            row["completed_at"] = max(now, started_at) if started_at else now
            row["duration_s"] = (row["completed_at"] - started_at).total_seconds() if started_at else None
        row.update(changes)

    def listed(self, wanted: PipelineFilter) -> list[int]:
        """Return the ids that a list shows, in its order."""
        return [
            identity
            for identity, row in sorted(self.rows.items(), reverse=True)
            if wanted.status in {None, row["status"]}
            and wanted.branch in {None, row["branch"]}
            and (wanted.owner is None or wanted.owner == row["owner"])
        ]
