"""People who asked for an account and wait for an admin's decision."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import CreatedMoment, IdentifiedBase, Moment, checked_text


class RegistrationStatus(StrEnum):
    """Where a request stands; the last two are final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class RegistrationRequest(IdentifiedBase):
    """One request. At most one waits per name; the password is hashed from the start, and gone once decided."""

    __tablename__ = "registration_requests"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (status = 'pending')", name="decided_is_final"),
        CheckConstraint("(password_hash IS NOT NULL) = (status = 'pending')", name="password_while_pending"),
        Index(
            "uq_registration_requests_pending_username",
            "username",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index(None, "status", "id"),
    )

    username: Mapped[str] = mapped_column(String(32))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(Text)
    status: Mapped[RegistrationStatus] = mapped_column(checked_text(RegistrationStatus, "status"))
    created_at: Mapped[CreatedMoment]
    decided_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("admins.id", ondelete="SET NULL"))
