"""Accounts."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from reference_app.models import Admin, Role
from reference_app.repositories.base import Page, Repository


class AdminRepository(Repository[Admin]):
    """Rows of `admins`."""

    model = Admin

    def find_by_username(self, username: str) -> Admin | None:
        """Return the account of this name, active or not."""
        return self._session.scalar(select(Admin).where(Admin.username == username))

    def ensure_inactive(self, username: str, password_hash: str) -> tuple[Admin, bool]:
        """Return the account of this name, and whether it is new: a member who cannot log in."""
        row = {"username": username, "password_hash": password_hash, "role": Role.MEMBER, "active": False}
        adding = insert(Admin).values(row).on_conflict_do_nothing(index_elements=[Admin.username])
        added = self._session.scalar(adding.returning(Admin.id))
        return self._session.scalars(select(Admin).where(Admin.username == username)).one(), added is not None

    def list_page(self, limit: int, after: int | None = None) -> Page[Admin]:
        """Return up to `limit` accounts with ids above `after`, lowest id first."""
        query = select(Admin).order_by(Admin.id)
        return self._page(query if after is None else query.where(Admin.id > after), limit)

    def lock(self, *identities: int) -> dict[int, Admin]:
        """Return those of the accounts that there are, locked until the transaction ends.

        The lock lets others refer to the account meanwhile; it is taken in the order of ids, so that no two
        transactions wait for each other.
        """
        query = select(Admin).where(Admin.id.in_(identities)).order_by(Admin.id).with_for_update(key_share=True)
        locked = self._session.scalars(query, execution_options={"populate_existing": True})
        return {account.id: account for account in locked}

    def lock_one(self, identity: int) -> Admin:
        """Return the account, locked; it is there, because accounts are never deleted."""
        return self.lock(identity)[identity]
