"""Lua scripts that Redis keeps: they are sent by their hash, and in full only to a Redis that does not know them."""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError


class RedisScript:
    """One script; everything it does happens at one moment, in one round trip."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, redis: Redis, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Return what the script returns; raises `RedisError`."""
        try:
            return redis.evalsha(self._sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return redis.eval(self._source, len(keys), *keys, *arguments)
