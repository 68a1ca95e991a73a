"""Creating calls that have one effect however often they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from reference_app.errors import ConflictError, InvalidInputError, Violation
from reference_app.models import IdempotencyRecord
from reference_app.repositories.idempotency_record import IdempotencyRecordRepository

HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Call:
    """One user's call; attempts at the same one have the same key and the same fingerprint."""

    owner_id: int
    key: str
    fingerprint: str
    """SHA-256 of operation, path and body, in hex."""


@dataclass(frozen=True)
class Answer:
    """What a call was answered, as far as a replay needs it."""

    status: int
    headers: Mapping[str, str]
    body: str


class Idempotency:
    """Recorded answers, in the transaction that has the effect: both happen or neither, even when the process dies."""

    def __init__(self, records: IdempotencyRecordRepository) -> None:
        self._records = records

    def recall(self, call: Call) -> Answer | None:
        """Return the answer to an earlier attempt, None when this is the first; no other attempt runs until the end.

        Raises `ConflictError` while another attempt is being answered, `InvalidInputError` for a key of another call.
        """
        if not self._records.try_lock(call.owner_id, call.key):
            raise ConflictError(f"A call with this {HEADER} is being answered now; try again in a moment.")
        record = self._records.find(call.owner_id, call.key)
        if record is None:
            return None
        if record.fingerprint != call.fingerprint:
            raise InvalidInputError([Violation("header", f"/{HEADER}", "The key was used for another call")])
        return Answer(record.status, record.headers, record.body)

    def remember(self, call: Call, answer: Answer) -> None:
        """Record the answer to a call that `recall` knew nothing of."""
        self._records.add(
            IdempotencyRecord(
                owner_id=call.owner_id,
                key=call.key,
                fingerprint=call.fingerprint,
                status=answer.status,
                headers=dict(answer.headers),
                body=answer.body,
            )
        )
