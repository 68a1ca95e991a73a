"""People who may log in."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, String, true
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.models.base import CreatedMoment, IdentifiedBase, checked_text


class Role(StrEnum):
    """What a user may do: a member changes their own pipelines, an admin everybody's."""

    ADMIN = "admin"
    MEMBER = "member"


class Admin(IdentifiedBase):
    """A user account; one that is not active cannot log in."""

    __tablename__ = "admins"
    __table_args__ = (CheckConstraint("username ~ '^[a-z][a-z0-9_-]{1,31}$'", name="username_form"),)

    username: Mapped[str] = mapped_column(String(32), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(checked_text(Role, "role"))
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    totp_nonce: Mapped[str | None] = mapped_column(String(64))
    """What the second factor's secret is derived from, together with the application's key."""
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The last time step whose code was accepted; None until the first confirms the factor."""
    created_at: Mapped[CreatedMoment]

    @property
    def has_second_factor(self) -> bool:
        """Whether a login needs a code."""
        return self.totp_last_step is not None
