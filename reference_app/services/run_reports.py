"""Runs that a CI service reports: each becomes a pipeline, and moves it forward."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reference_app.errors import ConflictError
from reference_app.models import Pipeline, PipelineStatus
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.webhook_delivery import WebhookDeliveryRepository
from reference_app.services.accounts import REPORTER
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.passwords import Passwords
from reference_app.services.pipeline_life import advance, start_anew


@dataclass(frozen=True)
class RunReport:
    """Where one attempt at a run stands. `fields` are those of a pipeline that do not change with its status."""

    run_id: int
    attempt: int
    status: PipelineStatus
    started_at: datetime
    ended_at: datetime
    """When the status was reached; of interest when it is final."""
    fields: Mapping[str, Any]


class ReportResult(StrEnum):
    """What came of a delivery."""

    CREATED = "created"
    UPDATED = "updated"
    IGNORED = "ignored"
    REPLAYED = "replayed"


@dataclass(frozen=True)
class Reception:
    """What came of a delivery, and of which pipeline it told."""

    result: ReportResult
    pipeline_id: int | None = None


class RunReports:
    """Takes deliveries in, each once, inside one transaction."""

    def __init__(
        self,
        deliveries: WebhookDeliveryRepository,
        pipelines: PipelineRepository,
        accounts: AdminRepository,
        passwords: Passwords,
        audit: AuditTrail,
    ) -> None:
        self._deliveries = deliveries
        self._pipelines = pipelines
        self._accounts = accounts
        self._passwords = passwords
        self._audit = audit

    def receive(self, delivery_id: str, event: str, report: RunReport | None) -> Reception:
        """Do what the report of this delivery says, if there is one, unless the delivery was taken in before."""
        if not self._deliveries.claim(delivery_id, event):
            return Reception(ReportResult.REPLAYED)
        reception = self._apply(report) if report else Reception(ReportResult.IGNORED)
        self._deliveries.conclude(delivery_id, reception.result)
        if report and reception.result is not ReportResult.IGNORED:
            subject = Subject("pipeline", reception.pipeline_id or 0)
            told = {"delivery": delivery_id, "run_id": report.run_id, "status": report.status}
            self._audit.done(None, f"pipeline.{reception.result}_by_webhook", subject, **told)
        return reception

    def _apply(self, report: RunReport) -> Reception:
        pipeline = self._pipelines.get_run_for_update(report.run_id)
        if pipeline is None:
            pipeline = self._new(report)
            if self._pipelines.add_run(pipeline):
                return Reception(ReportResult.CREATED, pipeline.id)
            pipeline = self._pipelines.get_run_for_update(report.run_id)
        if pipeline is None:
            raise ConflictError(f"The pipeline of run {report.run_id} came and went meanwhile; deliver again.")
        result = ReportResult.UPDATED if _follow(pipeline, report) else ReportResult.IGNORED
        self._pipelines.save()
        return Reception(result, pipeline.id)

    def _new(self, report: RunReport) -> Pipeline:
        pipeline = Pipeline(
            owner_id=self._owner_id(),
            run_id=report.run_id,
            run_attempt=report.attempt,
            status=PipelineStatus.QUEUED,
            **report.fields,
        )
        advance(pipeline, report.status, report.started_at, report.ended_at)
        return pipeline

    def _owner_id(self) -> int:
        account = self._accounts.find_by_username(REPORTER)
        if account is None:
            # A costly hash inside a transaction, but once in the life of a database.
            nobodys = self._passwords.hash(secrets.token_urlsafe())
            account, is_new = self._accounts.ensure_inactive(REPORTER, nobodys)
            if is_new:
                self._audit.done(None, "user.created", Subject("user", account.id), role=account.role)
        return account.id


def _follow(pipeline: Pipeline, report: RunReport) -> bool:
    """Move the pipeline as the report says; return whether anything changed."""
    if report.attempt < pipeline.run_attempt:
        return False
    is_another = report.attempt > pipeline.run_attempt
    if is_another:
        start_anew(pipeline, report.attempt)
    return advance(pipeline, report.status, report.started_at, report.ended_at) or is_another
