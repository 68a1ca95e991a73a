"""API tokens."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from reference_app.models import ApiToken
from reference_app.repositories.base import Page, Repository


class ApiTokenRepository(Repository[ApiToken]):
    """Rows of `api_tokens`; each comes with its owner."""

    model = ApiToken

    def find_by_hash(self, token_hash: str) -> ApiToken | None:
        """Return the token with this hash and its owner, in one query of one index entry."""
        return self._session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash))

    def list_page(self, owner_id: int, limit: int, after: int | None = None) -> Page[ApiToken]:
        """Return up to `limit` tokens of one owner with ids below `after`, highest id first."""
        query = select(ApiToken).where(ApiToken.owner_id == owner_id).order_by(ApiToken.id.desc())
        return self._page(query if after is None else query.where(ApiToken.id < after), limit)

    def note_use(self, identity: int, at: datetime, every: timedelta) -> None:
        """Write when the token was used, unless another request did so less than `every` ago."""
        is_old = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= at - every)
        statement = update(ApiToken).where(ApiToken.id == identity, is_old).values(last_used_at=at)
        self._session.execute(statement, execution_options={"synchronize_session": False})
