"""Answers to creating calls, kept so that the same call answered again has no second effect."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import Base, CreatedMoment


class IdempotencyRecord(Base):
    """The answer that one user's key got; written in the transaction that had the effect."""

    __tablename__ = "idempotency_records"
    __table_args__ = (Index(None, "created_at"),)

    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("admins.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of operation, path and body: the same key with another one is refused."""
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedMoment]
