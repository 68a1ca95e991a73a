"""Who changed what, and who was not allowed to."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import CreatedMoment, IdentifiedBase, checked_text


class AuditOutcome(StrEnum):
    """Whether it happened."""

    DONE = "done"
    DENIED = "denied"


TRANSACTION = "((pg_current_xact_id())::text)::bigint"


class AuditEvent(IdentifiedBase):
    """One change or denial. It stands by itself: whom and what it names may be gone.

    `transaction_id` lets a reader follow along without missing what commits late: every event of a
    transaction below `pg_snapshot_xmin(pg_current_snapshot())` is there to be seen, or never will be.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(None, "actor", "id"),
        Index(None, "action", "id"),
        Index(None, "outcome", "id"),
        Index(None, "object_kind", "object_id", "id"),
        Index(None, "transaction_id", "id"),
    )

    at: Mapped[CreatedMoment]
    transaction_id: Mapped[int] = mapped_column(BigInteger, server_default=text(TRANSACTION))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[str | None] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[AuditOutcome] = mapped_column(checked_text(AuditOutcome, "outcome"))
    object_kind: Mapped[str | None] = mapped_column(String(32))
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
