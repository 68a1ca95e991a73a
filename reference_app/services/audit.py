"""The audit trail: one event for every change, in its transaction, and one for every denial."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reference_app.models import AuditEvent, AuditOutcome
from reference_app.repositories.audit_event import AuditEventRepository, AuditFilter, AuditPosition
from reference_app.repositories.base import Page
from reference_app.services.principal import Origin, Principal


@dataclass(frozen=True)
class Subject:
    """What was changed: "pipeline" 7."""

    kind: str
    identity: int


class AuditTrail:
    """Writes events inside one transaction, for requests of one origin."""

    def __init__(self, events: AuditEventRepository, origin: Origin) -> None:
        self._events = events
        self._origin = origin

    def done(self, principal: Principal | None, action: str, subject: Subject | None = None, **details: Any) -> None:
        """Record that `principal` (None: nobody who is known) changed something, like "pipeline.updated"."""
        self._record(AuditOutcome.DONE, principal, action, subject, details)

    def denied(self, principal: Principal | None, action: str, subject: Subject | None = None, **details: Any) -> None:
        """Record that `action`, the name of an operation, was refused."""
        self._record(AuditOutcome.DENIED, principal, action, subject, details)

    def _record(
        self,
        outcome: AuditOutcome,
        principal: Principal | None,
        action: str,
        subject: Subject | None,
        details: dict[str, Any],
    ) -> None:
        self._events.append(
            AuditEvent(
                outcome=outcome,
                actor_id=principal.user_id if principal else None,
                actor=principal.username if principal else None,
                action=action,
                object_kind=subject.kind if subject else None,
                object_id=subject.identity if subject else None,
                address=self._origin.address,
                request_id=self._origin.request_id,
                details=details or None,
            )
        )


STREAM_BATCH = 100


class AuditLog:
    """Reads events inside one transaction; the routes that use it let admins in only."""

    def __init__(self, events: AuditEventRepository) -> None:
        self._events = events

    def list_page(self, wanted: AuditFilter, limit: int, after: int | None = None) -> Page[AuditEvent]:
        """Return one page, newest first."""
        return self._events.list_page(wanted, limit, after)

    def list_settled(self, after: AuditPosition) -> Sequence[AuditEvent]:
        """Return up to `STREAM_BATCH` events behind `after`, in an order in which none can come late."""
        return self._events.list_settled(after, STREAM_BATCH)

    def present(self) -> AuditPosition:
        """Return the position from which a stream shows what happens from now on."""
        return self._events.present()
