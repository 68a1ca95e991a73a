"""Registration requests."""

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from reference_app.models import RegistrationRequest, RegistrationStatus
from reference_app.repositories.base import Page, Repository

_PENDING = text("status = 'pending'")
"""As the unique index has it, to the letter: with a parameter Postgres would not see that they are the same."""


class RegistrationRequestRepository(Repository[RegistrationRequest]):
    """Rows of `registration_requests`."""

    model = RegistrationRequest

    def insert_unless_pending(self, username: str, password_hash: str, reason: str | None) -> int | None:
        """Insert a pending request and return its id; None when one for this name waits already."""
        values = {"username": username, "password_hash": password_hash, "reason": reason}
        statement = insert(RegistrationRequest).values(status=RegistrationStatus.PENDING, **values)
        statement = statement.on_conflict_do_nothing(index_elements=["username"], index_where=_PENDING)
        return self._session.scalar(statement.returning(RegistrationRequest.id))

    def get_for_update(self, identity: int) -> RegistrationRequest | None:
        """Return the request and lock its row until the transaction ends."""
        return self._session.get(RegistrationRequest, identity, with_for_update=True)

    def list_page(
        self, status: RegistrationStatus | None, limit: int, after: int | None = None
    ) -> Page[RegistrationRequest]:
        """Return up to `limit` requests with ids above `after`, lowest id first."""
        query = select(RegistrationRequest).order_by(RegistrationRequest.id)
        if status is not None:
            query = query.where(RegistrationRequest.status == status)
        if after is not None:
            query = query.where(RegistrationRequest.id > after)
        return self._page(query, limit)
