"""Long-lived tokens for programs: references, of which only the hash is kept."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reference_app.models.admin import Admin
from reference_app.models.base import CreatedMoment, IdentifiedBase, Moment


class Scope(StrEnum):
    """What a token may be used for; never for more than its owner may."""

    PIPELINES_READ = "pipelines:read"
    PIPELINES_WRITE = "pipelines:write"
    LOGS_WRITE = "logs:write"
    AUDIT_READ = "audit:read"


class ApiToken(IdentifiedBase):
    """One token; revoking it deletes the row."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "owner_id", "id"),)

    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("admins.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    created_at: Mapped[CreatedMoment]
    expires_at: Mapped[Moment]
    last_used_at: Mapped[Moment | None]

    owner: Mapped[Admin] = relationship(lazy="joined", innerjoin=True)
