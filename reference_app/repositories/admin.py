"""Accounts."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from reference_app.models import Admin, Role
from reference_app.repositories.base import Repository


class AdminRepository(Repository[Admin]):
    """Rows of `admins`."""

    model = Admin

    def find_by_username(self, username: str) -> Admin | None:
        """Return the account of this name, active or not."""
        return self._session.scalar(select(Admin).where(Admin.username == username))

    def ensure_inactive(self, username: str, password_hash: str) -> Admin:
        """Return the account of this name; where there is none, add a member who cannot log in."""
        row = {"username": username, "password_hash": password_hash, "role": Role.MEMBER, "active": False}
        self._session.execute(insert(Admin).values(row).on_conflict_do_nothing(index_elements=[Admin.username]))
        return self._session.scalars(select(Admin).where(Admin.username == username)).one()
