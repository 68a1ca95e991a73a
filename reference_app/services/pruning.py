"""Rows that have outlived their purpose."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from reference_app.repositories.maintenance import MaintenanceRepository

ANSWERS_KEPT = timedelta(days=1)
"""How long a creating call can be repeated and gets the same answer."""
DELIVERIES_KEPT = timedelta(days=30)
"""How long a webhook delivery that comes again has no effect; GitHub keeps them for three days."""


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Pruning:
    """Deletes them inside one transaction."""

    def __init__(self, rows: MaintenanceRepository, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._now = now

    def prune(self) -> Mapping[str, int]:
        """Delete what is past its time; return how many of each kind."""
        now = self._now()
        self._rows.open()
        return {
            "idempotency records": self._rows.delete_idempotency_records(now - ANSWERS_KEPT),
            "webhook deliveries": self._rows.delete_webhook_deliveries(now - DELIVERIES_KEPT),
            "API tokens": self._rows.delete_api_tokens(now),
        }
