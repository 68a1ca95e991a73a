"""Lua scripts that Redis keeps: they are sent by their hash, and in full only to a Redis that does not know them."""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError

from reference_app.redis_gate import Command, RedisGate


class RedisScript:
    """One script; everything it does happens at one moment, in one round trip."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[str], arguments: Sequence[str | int]) -> Command:
        """Return the command that runs the script where Redis knows it."""
        return ("EVALSHA", self._sha, len(keys), *keys, *arguments)

    def run(self, gate: RedisGate, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Return what the script returns; raises `RedisError`."""
        try:
            return gate.run(*self.command(keys, arguments))
        except NoScriptError:
            return gate.run("EVAL", self._source, len(keys), *keys, *arguments)
