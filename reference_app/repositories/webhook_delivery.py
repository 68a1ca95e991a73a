"""Webhook deliveries that have been taken in."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reference_app.models import WebhookDelivery
from reference_app.repositories.expiry import delete_some_expired

KEPT_FOR = timedelta(days=30)
"""Longer than the three days for which GitHub sends a delivery again."""


class WebhookDeliveryRepository:
    """Rows of `webhook_deliveries` inside one transaction, which is the caller's to commit."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, delivery_id: str, event: str) -> bool:
        """Note the delivery; False when it was taken in before.

        Waits while another transaction is taking the same one in, and follows what becomes of that.
        """
        delete_some_expired(self._session, WebhookDelivery, WebhookDelivery.received_at, KEPT_FOR)
        statement = insert(WebhookDelivery).values(delivery_id=delivery_id, event=event, result="")
        added = statement.on_conflict_do_nothing().returning(WebhookDelivery.delivery_id)
        return self._session.scalar(added) is not None

    def conclude(self, delivery_id: str, result: str) -> None:
        """Note what came of the delivery."""
        self._session.execute(
            update(WebhookDelivery).where(WebhookDelivery.delivery_id == delivery_id).values(result=result)
        )
