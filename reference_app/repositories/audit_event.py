"""Audit events: appended, never changed."""

from reference_app.models import AuditEvent
from reference_app.repositories.base import Repository


class AuditEventRepository(Repository[AuditEvent]):
    """Rows of `audit_events`."""

    model = AuditEvent
