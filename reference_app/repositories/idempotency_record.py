"""Answers to creating calls, by user and key."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from reference_app.models import IdempotencyRecord
from reference_app.repositories.expiry import delete_some_expired

KEPT_FOR = timedelta(hours=24)


class IdempotencyRecordRepository:
    """Rows of `idempotency_records` inside one transaction, which is the caller's to commit."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def try_lock(self, owner_id: int, key: str) -> bool:
        """Lock the key until the transaction ends; False when another transaction has it.

        Two keys with the same 64-bit hash lock each other out, which costs one of them a retry and nothing else.
        """
        name = func.hashtextextended(f"idempotency:{owner_id}:{key}", 0)
        return bool(self._session.scalar(select(func.pg_try_advisory_xact_lock(name))))

    def find(self, owner_id: int, key: str) -> IdempotencyRecord | None:
        """Return the record, unless it is older than `KEPT_FOR`."""
        return self._session.scalar(
            select(IdempotencyRecord).where(
                IdempotencyRecord.owner_id == owner_id,
                IdempotencyRecord.key == key,
                IdempotencyRecord.created_at >= func.now() - KEPT_FOR,
            )
        )

    def add(self, record: IdempotencyRecord) -> None:
        """Insert `record` in the place of an expired one, if any, and let some other expired ones go."""
        delete_some_expired(self._session, IdempotencyRecord, IdempotencyRecord.created_at, KEPT_FOR)
        self._session.execute(
            delete(IdempotencyRecord).where(
                IdempotencyRecord.owner_id == record.owner_id, IdempotencyRecord.key == record.key
            )
        )
        self._session.add(record)
