"""Accounts."""

from sqlalchemy import select

from reference_app.models import Admin
from reference_app.repositories.base import Repository


class AdminRepository(Repository[Admin]):
    """Rows of `admins`."""

    model = Admin

    def find_by_username(self, username: str) -> Admin | None:
        """Return the account of this name, active or not."""
        return self._session.scalar(select(Admin).where(Admin.username == username))
