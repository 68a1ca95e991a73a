"""Rows that have outlived their purpose."""

from collections.abc import Mapping

from reference_app.repositories import idempotency_record, webhook_delivery
from reference_app.repositories.maintenance import MaintenanceRepository
from reference_app.services.clock import Clock, utc_now


class Pruning:
    """Deletes them inside one transaction."""

    def __init__(self, rows: MaintenanceRepository, now: Clock = utc_now) -> None:
        self._rows = rows
        self._now = now

    def prune(self) -> Mapping[str, int]:
        """Delete what is past its time; return how many of each kind."""
        now = self._now()
        return {
            "idempotency records": self._rows.delete_idempotency_records(now - idempotency_record.KEPT_FOR),
            "webhook deliveries": self._rows.delete_webhook_deliveries(now - webhook_delivery.KEPT_FOR),
            "API tokens": self._rows.delete_api_tokens(now),
        }
