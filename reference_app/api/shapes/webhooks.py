"""What GitHub sends, as far as it is read, and what it is answered.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reference_app.api.fields import BigNumber, CommitSha, ForeignText, Number, StoredMoment
from reference_app.api.shapes.base import Result
from reference_app.models import PipelineStatus
from reference_app.services.run_reports import ReportResult, RunReport

_LONGEST_NAME, _LONGEST_BRANCH, _LONGEST_TEXT = 200, 255, 4000
_NO_BRANCH = "HEAD"
"""What Git calls the place of a commit that no branch names."""
_RUNNING, _OVER = "in_progress", "completed"


class GithubPayload(BaseModel):
    """The payload of an event. Of `workflow_run` events, `action` and `workflow_run` are read."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})


class HeadCommit(BaseModel):
    """The commit that a run is of."""

    message: ForeignText


class WorkflowRun(BaseModel):
    """A run of a workflow; GitHub tells much more about it."""

    id: BigNumber
    name: ForeignText | None = None
    display_title: ForeignText | None = None
    head_branch: ForeignText | None
    head_sha: CommitSha
    head_commit: HeadCommit | None = None
    run_number: Number
    run_attempt: Number = 1
    status: Literal["requested", "queued", "waiting", "pending", "in_progress", "completed"]
    conclusion: ForeignText | None = None
    run_started_at: StoredMoment
    updated_at: StoredMoment


class WorkflowRunPayload(BaseModel):
    """The payload of a `workflow_run` event."""

    action: ForeignText
    run: Annotated[WorkflowRun, Field(alias="workflow_run")]

    def report(self) -> RunReport:
        """Return what it says, in this application's words."""
        return RunReport(
            run_id=self.run.id,
            attempt=self.run.run_attempt,
            status=_status_of(self.run),
            started_at=self.run.run_started_at,
            ended_at=self.run.updated_at,
            fields=_fields_of(self.run),
        )


class DeliveryResult(Result):
    """What came of a delivery, and of which pipeline it told."""

    result: ReportResult
    pipeline_id: int | None


def _status_of(run: WorkflowRun) -> PipelineStatus:
    if run.status == _OVER:
        return PipelineStatus.SUCCESS if run.conclusion == "success" else PipelineStatus.FAILED
    return PipelineStatus.RUNNING if run.status == _RUNNING else PipelineStatus.QUEUED


def _fields_of(run: WorkflowRun) -> Mapping[str, Any]:
    """Return a pipeline's fields; what is too long for them is cut, because nobody there could mend it."""
    workflow = _line(run.name, _LONGEST_NAME)
    return {
        "name": _line(run.display_title, _LONGEST_NAME) or workflow or f"run {run.id}",
        "workflow_name": workflow or None,
        "branch": _line(run.head_branch, _LONGEST_BRANCH) or _NO_BRANCH,
        "commit_sha": run.head_sha,
        "commit_message": _storable(run.head_commit.message)[:_LONGEST_TEXT] if run.head_commit else None,
        "run_number": run.run_number,
    }


def _line(text: str | None, longest: int) -> str:
    return " ".join(_storable(text or "").split())[:longest]


def _storable(text: str) -> str:
    """Return the text without NUL, which Postgres cannot store."""
    return text.replace("\0", "")
