"""Audit events: appended, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select, tuple_

from reference_app.models import AuditEvent, AuditOutcome
from reference_app.repositories.base import Page, Repository


@dataclass(frozen=True)
class AuditFilter:
    """Which events a list shows; None leaves that column free."""

    actor: str | None = None
    action: str | None = None
    outcome: AuditOutcome | None = None
    object_kind: str | None = None
    object_id: int | None = None


@dataclass(frozen=True)
class AuditPosition:
    """A place in the order in which events become visible for good."""

    transaction_id: int = 0
    event_id: int = 0


class AuditEventRepository(Repository[AuditEvent]):
    """Rows of `audit_events`."""

    model = AuditEvent

    def list_page(self, wanted: AuditFilter, limit: int, after: int | None = None) -> Page[AuditEvent]:
        """Return up to `limit` events with ids below `after`, highest id first."""
        query = select(AuditEvent).filter_by(**_given(wanted)).order_by(AuditEvent.id.desc())
        if after is not None:
            query = query.where(AuditEvent.id < after)
        return self._page(query, limit)

    def list_settled(self, after: AuditPosition, limit: int) -> Sequence[AuditEvent]:
        """Return up to `limit` events behind `after` that no transaction still under way can come before."""
        place = tuple_(AuditEvent.transaction_id, AuditEvent.id)
        query = (
            select(AuditEvent)
            .where(place > (after.transaction_id, after.event_id), AuditEvent.transaction_id < _horizon())
            .order_by(AuditEvent.transaction_id, AuditEvent.id)
            .limit(limit)
        )
        return self._session.scalars(query).all()

    def present(self) -> AuditPosition:
        """Return the position behind which everything lies that is not yet settled."""
        return AuditPosition(self._session.scalars(select(_horizon())).one())


def _horizon() -> ColumnElement[int]:
    """Below it no transaction is under way."""
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)


def _given(wanted: AuditFilter) -> dict[str, object]:
    return {name: value for name, value in vars(wanted).items() if value is not None}
