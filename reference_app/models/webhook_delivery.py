"""Webhook deliveries that had their effect, so that a replay has none."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import Base, CreatedMoment


class WebhookDelivery(Base):
    """One delivery, by the id that its sender gave it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index(None, "received_at"),)

    delivery_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[CreatedMoment]
