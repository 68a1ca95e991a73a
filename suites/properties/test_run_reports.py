"""Whatever GitHub delivers, in whatever order and how often: the farthest report of the last attempt is what stays."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from reference_app.backend import Backend
from reference_app.models import PipelineStatus
from reference_app.repositories.pipeline_view import PipelineFilter
from reference_app.services.run_reports import ReportResult, RunReport
from suites.patience import PATIENT

START = datetime(2026, 1, 1, tzinfo=UTC)
PROGRESS = {PipelineStatus.QUEUED: 0, PipelineStatus.RUNNING: 1, PipelineStatus.SUCCESS: 2}

deliveries = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 3), st.sampled_from(sorted(PROGRESS, key=PROGRESS.__getitem__))),
    min_size=1,
    max_size=12,
)
"""Delivery id, attempt and status; a repeated id is a replay, whatever else it says."""


def report(attempt: int, status: PipelineStatus) -> RunReport:
    """Return a report of the one run that there is, whose attempts start an hour apart and take a minute."""
    started_at = START + timedelta(hours=attempt)
    fields = {"name": "run", "branch": "main"}
    return RunReport(7, attempt, status, started_at, started_at + timedelta(minutes=1), fields)


@pytest.mark.timeout(420)
def test_farthest_report_stays(backend: Backend) -> None:
    """One pipeline comes of it, which stands where the farthest first delivery of the highest attempt says."""

    @settings(PATIENT, max_examples=60)
    @given(sent=deliveries)
    def check(sent: list[tuple[int, int, PipelineStatus]]) -> None:
        with backend.database.engine.begin() as connection:
            connection.execute(text("TRUNCATE pipelines, webhook_deliveries CASCADE"))
        taken: dict[int, tuple[int, int]] = {}
        for delivery, attempt, status in sent:
            with backend.work() as work:
                reception = work.run_reports.receive(str(delivery), "workflow_run", report(attempt, status))
            assert (reception.result is ReportResult.REPLAYED) == (delivery in taken)
            taken.setdefault(delivery, (attempt, PROGRESS[status]))
        with backend.work() as work:
            (end,) = work.pipelines.list_page(PipelineFilter(), limit=2).items
        assert (end.fields["run_attempt"], PROGRESS[end.status]) == max(taken.values())

    check()
