"""Login sessions in Redis, which forgets them by itself when they expire."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from reference_app.models import Role
from reference_app.redis_gate import RedisGate

KEY_PREFIX = "session:"


@dataclass(frozen=True)
class StoredSession:
    """Who is logged in, and until when (UTC)."""

    user_id: int
    username: str
    role: Role
    expires_at: datetime


class SessionRepository:
    """Sessions by the hash of their token: what Redis holds lets nobody log in."""

    def __init__(self, redis: RedisGate) -> None:
        self._redis = redis

    def put(self, token_hash: str, session: StoredSession, lifetime: timedelta) -> None:
        """Store `session`; Redis deletes it after `lifetime`."""
        fields = asdict(session) | {"expires_at": session.expires_at.isoformat()}
        self._redis.ask(lambda redis: redis.set(KEY_PREFIX + token_hash, json.dumps(fields), ex=lifetime))

    def find(self, token_hash: str) -> StoredSession | None:
        """Return the session, unless it has ended."""
        stored = self._redis.ask(lambda redis: redis.get(KEY_PREFIX + token_hash))
        if stored is None:
            return None
        fields = json.loads(stored)
        return StoredSession(
            user_id=fields["user_id"],
            username=fields["username"],
            role=Role(fields["role"]),
            expires_at=datetime.fromisoformat(fields["expires_at"]),
        )

    def delete(self, token_hash: str) -> None:
        """End the session, whether or not it is still there."""
        self._redis.ask(lambda redis: redis.delete(KEY_PREFIX + token_hash))
