"""Login sessions in Redis, which forgets those that are not used.

Each is one value under `session:ID`; a sorted set for each user, by the moment when the session ends at the
latest, says which are theirs. The set may name sessions that Redis has forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from pydantic import TypeAdapter, ValidationError
from redis import Redis

from reference_app.models import Role
from reference_app.redis_gate import Command, RedisGate

KEY_PREFIX = "session:"
OF_USER_PREFIX = "sessions-of:"
MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class StoredSession:
    """Who logged in, when (UTC) and from where. `id` is a keyed hash of the token: it lets nobody in."""

    id: str
    user_id: int
    username: str
    role: Role
    created_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str


_JSON = TypeAdapter(StoredSession)


class SessionRepository:
    """Sessions by id. One that is not used for `idle` is gone."""

    def __init__(self, redis: RedisGate, idle: timedelta) -> None:
        self._redis = redis
        self._idle = idle
        self._idle_s = int(idle.total_seconds())

    def put(self, session: StoredSession) -> None:
        """Store `session`, and forget which sessions of the user have ended for good."""
        of_user, lifetime = _of_user(session.user_id), session.expires_at - session.created_at

        def store(redis: Redis) -> None:
            with redis.pipeline(transaction=True) as commands:
                commands.set(_key(session.id), _JSON.dump_json(session), ex=self._idle)
                commands.zremrangebyscore(of_user, "-inf", session.created_at.timestamp())
                commands.zadd(of_user, {session.id: session.expires_at.timestamp()})
                commands.expire(of_user, lifetime)
                commands.execute()

        self._redis.ask(store)

    def use(self, session_id: str) -> StoredSession | None:
        """Return the session and let its idle time begin anew, in one round trip."""
        return _read(self._redis.run(*self.use_command(session_id)))

    def use_command(self, session_id: str) -> Command:
        """Return the command of `use`, for those who can ask it ahead."""
        return ("GETEX", _key(session_id), "EX", self._idle_s)

    def list_of(self, user_id: int) -> Sequence[tuple[StoredSession, timedelta]]:
        """Return the user's sessions, newest first, each with how long ago it was used."""

        def read(redis: Redis) -> list[tuple[StoredSession, timedelta]]:
            ids = _ids_of(redis, user_id)
            with redis.pipeline(transaction=False) as commands:
                for session_id in ids:
                    commands.get(_key(session_id))
                    commands.pttl(_key(session_id))
                answers = iter(commands.execute())
            pairs = ((_read(value), timedelta(milliseconds=left)) for value, left in zip(answers, answers, strict=True))
            return [(session, max(self._idle - left, timedelta())) for session, left in pairs if session]

        return self._redis.ask(read)

    def delete(self, user_id: int, session_id: str) -> StoredSession | None:
        """End the session if it is that user's; return it, if there was such a one."""

        def end(redis: Redis) -> StoredSession | None:
            found = _read(redis.get(_key(session_id)))
            is_theirs = found is not None and found.user_id == user_id
            return found if is_theirs and _end(redis, user_id, [session_id]) == 1 else None

        return self._redis.ask(end)

    def delete_all(self, user_id: int, but: str | None = None) -> int:
        """End all sessions of the user, except the one with the id `but`; return how many there were."""

        def end(redis: Redis) -> int:
            return _end(redis, user_id, [found for found in _ids_of(redis, user_id) if found != but])

        return self._redis.ask(end)


def _key(session_id: str) -> str:
    return KEY_PREFIX + session_id


def _of_user(user_id: int) -> str:
    return f"{OF_USER_PREFIX}{user_id}"


def _read(stored: object) -> StoredSession | None:
    """Return the session; None for one that another version of the application wrote, and this one cannot read."""
    try:
        return None if stored is None else _parse(cast("str", stored))
    except ValidationError:
        return None


@lru_cache(MOST_REMEMBERED)
def _parse(stored: str) -> StoredSession:
    """Read a session's text; what Redis has of one never changes, and is asked for at each of its requests."""
    return _JSON.validate_json(stored)


def _ids_of(redis: Redis, user_id: int) -> list[str]:
    return cast("list[str]", redis.zrange(_of_user(user_id), 0, -1, desc=True))


def _end(redis: Redis, user_id: int, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    with redis.pipeline(transaction=True) as commands:
        commands.delete(*map(_key, ids))
        commands.zrem(_of_user(user_id), *ids)
        return int(commands.execute()[0])
