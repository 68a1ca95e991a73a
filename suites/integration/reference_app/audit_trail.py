"""What the audit trail says, for tests of what must be in it."""

from sqlalchemy import select

from harness.wait import wait_for
from reference_app.backend import Backend
from reference_app.models import AuditEvent


def audit_trail(backend: Backend) -> list[AuditEvent]:
    """Return all events, oldest first."""
    with backend.database.transaction() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def until_settled(backend: Backend) -> None:
    """Wait until what has happened is behind a stream that starts now.

    Transactions of other tests, in other databases of the same Postgres, hold it back.
    """
    newest = audit_trail(backend)[-1].transaction_id

    def is_settled() -> bool:
        with backend.work() as work:
            return work.audit_log.present().transaction_id > newest

    wait_for(is_settled, what="the end of all that came before", timeout_s=60)


def last_event(backend: Backend) -> tuple[str | None, str, str, tuple[str | None, int | None]]:
    """Return the newest event: actor, action, outcome, and what it is about."""
    event = audit_trail(backend)[-1]
    return event.actor, event.action, event.outcome.value, (event.object_kind, event.object_id)
