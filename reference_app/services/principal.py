"""Who is asking."""

from dataclasses import dataclass

from reference_app.errors import ForbiddenError
from reference_app.models import Role


@dataclass(frozen=True)
class Principal:
    """The logged-in user, as their session tells."""

    user_id: int
    username: str
    role: Role

    def require_change_right(self, owner_id: int) -> None:
        """Raise `ForbiddenError` unless the object is this user's own, or the user is an admin."""
        if self.user_id != owner_id and self.role is not Role.ADMIN:
            raise ForbiddenError("Only the owner of this pipeline or an admin may change it.")
