"""Entries in Redis, shared by all processes. Looking is one round trip; so are claiming and keeping."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from redis import RedisError

from reference_app.cache.interface import CacheKey, Entry, Made, Sight
from reference_app.cache.store import CacheDownError, Store
from reference_app.redis_gate import Command, RedisGate
from reference_app.redis_script import RedisScript

T = TypeVar("T")

_CLAIM = RedisScript("""
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('MGET', unpack(KEYS, 2))
end
return false
""")
_KEEP = RedisScript("""
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
""")
_GIVE_UP = RedisScript("""
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
""")
_RAISE_FLOORS = RedisScript("""
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end
""")


class RedisStore(Store):
    """Keys start with `prefix`; what follows is `mark:…`, `floor:ID`, `answer:…` or `claim:…`."""

    def __init__(self, gate: RedisGate, prefix: str) -> None:
        self._gate = gate
        self._prefix = prefix
        self._collections_mark = f"{prefix}mark:collections"
        self._objects_mark = f"{prefix}mark:objects"

    def look(self, key: CacheKey) -> Sight:
        """Return what is there, in one round trip."""
        keys = self._seen_keys(key)
        return self._sight(keys[0], self._ask(lambda: self._gate.run("MGET", *keys)))

    def foresee(self, key: CacheKey) -> Sequence[Command]:
        """Return what `look` is going to ask Redis."""
        return [("MGET", *self._seen_keys(key))]

    def claim(self, key: CacheKey, token: str, longest_s: float) -> Sight | None:
        """Become the one who fills `key`, and look once more: it may have been filled a moment ago."""
        keys = self._seen_keys(key)
        claimed = [self._claim_key(key), *keys]
        seen = self._ask(lambda: _CLAIM.run(self._gate, claimed, [token, _milliseconds(longest_s)]))
        return None if seen is None else self._sight(keys[0], seen)

    def keep(self, key: CacheKey, token: str, entry: Entry, lifetime_s: float) -> None:
        """Keep the entry, and give up the claim."""
        keys = [self._claim_key(key), self._answer_key(key)]
        text = f"{entry.mark}\n{entry.made.version}\n{entry.made_at_s}\n{entry.made.body}"
        self._ask(lambda: _KEEP.run(self._gate, keys, [token, text, _milliseconds(lifetime_s)]))

    def give_up(self, key: CacheKey, token: str) -> None:
        """Give up the claim, if it is still held under `token`."""
        self._ask(lambda: _GIVE_UP.run(self._gate, [self._claim_key(key)], [token]))

    def raise_floors(self, versions: Mapping[int, int], lifetime_s: float) -> None:
        """Set the floors of these pipelines."""
        keys = [self._floor_key(identity) for identity in versions]
        self._ask(lambda: _RAISE_FLOORS.run(self._gate, keys, [_milliseconds(lifetime_s), *versions.values()]))

    def forget(self, *, objects: bool) -> None:
        """Replace the marks."""
        marks = [self._collections_mark, *([self._objects_mark] if objects else [])]
        self._ask(lambda: self._gate.run("MSET", *(word for name in marks for word in (name, _new_mark()))))

    def _sight(self, mark_key: str, seen: Sequence[str | None]) -> Sight:
        mark, text, floor = seen[0], seen[1], seen[2] if len(seen) > 2 else None  # noqa: PLR2004 - objects have a floor
        return Sight(mark or self._first_mark(mark_key), int(floor or 0), _read(text) if text else None)

    def _first_mark(self, mark_key: str) -> str:
        """Set a mark where there is none, and return the one that is there then."""
        mark = _new_mark()
        there = self._ask(lambda: self._gate.run("SET", mark_key, mark, "NX", "GET"))
        return str(there) if there else mark

    def _seen_keys(self, key: CacheKey) -> list[str]:
        if key.pipeline_id is None:
            return [self._collections_mark, self._answer_key(key)]
        return [self._objects_mark, self._answer_key(key), self._floor_key(key.pipeline_id)]

    def _answer_key(self, key: CacheKey) -> str:
        return f"{self._prefix}answer:{key.kind}:{key.name}"

    def _claim_key(self, key: CacheKey) -> str:
        return f"{self._prefix}claim:{key.kind}:{key.name}"

    def _floor_key(self, pipeline_id: int) -> str:
        return f"{self._prefix}floor:{pipeline_id}"

    @staticmethod
    def _ask(question: Callable[[], T]) -> T:
        try:
            return question()
        except RedisError as error:
            raise CacheDownError(str(error)) from error


def _new_mark() -> str:
    return secrets.token_hex(8)


def _read(text: str) -> Entry:
    mark, version, made_at_s, body = text.split("\n", 3)
    return Entry(Made(body, int(version)), mark, float(made_at_s))


def _milliseconds(time_s: float) -> int:
    """Return the time as Redis takes it: whole, and never 0, which it refuses."""
    return max(1, int(time_s * 1000))
