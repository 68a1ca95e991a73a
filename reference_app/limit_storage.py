"""Counts of rate limits in Redis for all processes; in memory, for each process, while Redis does not answer."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from limits.storage import Storage
from redis import Redis, RedisError

from reference_app.metrics import Metrics
from reference_app.redis_gate import Command, RedisGate
from reference_app.redis_script import RedisScript

T = TypeVar("T")

KEY_PREFIX = "limit:"
BOUNDLESS = 2**53
MOST_COUNTS = 100_000
"""Windows in memory, before those that are over are looked for and dropped."""

_HIT = RedisScript("""
local answer, refused = {}, false
for i, key in ipairs(KEYS) do
  local most, window_ms = tonumber(ARGV[i * 2 - 1]), tonumber(ARGV[i * 2])
  local count = redis.call('INCR', key)
  local left_ms = redis.call('PTTL', key)
  if left_ms < 0 then
    redis.call('PEXPIRE', key, window_ms)
    left_ms = window_ms
  end
  refused = refused or count > most
  answer[i * 2 - 1], answer[i * 2] = count, left_ms
end
if refused then
  for _, key in ipairs(KEYS) do redis.call('DECR', key) end
end
return answer
""")

_READ = RedisScript("""
return {redis.call('GET', KEYS[1]) or 0, math.max(redis.call('PTTL', KEYS[1]), 0)}
""")


@dataclass(frozen=True, slots=True)
class Window:
    """One limit for one client: `key` may be counted up to `most` times in `length_s` seconds."""

    key: str
    most: int
    length_s: int


@dataclass(frozen=True, slots=True)
class Count:
    """Where a window stands with this request in it; beyond the window's `most` the request is refused."""

    number: int
    left_s: float


class LimitStorage(Storage):
    """Counts requests in fixed windows; the storage "gate://" of Flask-Limiter, and of the library under it.

    A request that one of its limits refuses counts for none of them.
    """

    STORAGE_SCHEME: ClassVar[list[str]] = ["gate"]  # type: ignore[misc]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:  # noqa: FBT001, FBT002 - their signature
        super().__init__(uri, wrap_exceptions)
        self._gate: RedisGate = options["gate"]
        self._metrics: Metrics = options["metrics"]
        self._memory = LimitMemory()
        self._in_memory: bool | None = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may come from below; nothing does, because memory stands in."""
        return RedisError

    def hit(self, windows: Sequence[Window]) -> list[Count]:
        """Count one request in all of `windows`, in one round trip."""
        return self._ask(lambda gate: _hit_in_redis(gate, windows), lambda: self._memory.hit(windows))

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` in a window of `expiry` seconds, and return its sum."""
        return self.hit([Window(key, BOUNDLESS, expiry)] * amount)[-1].number

    def get(self, key: str) -> int:
        """Return what was counted."""
        return self._present(key).number

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since the epoch."""
        return time.time() + self._present(key).left_s

    def check(self) -> bool:
        """Return whether Redis answers."""
        return self._ask(lambda gate: gate.ask(Redis.ping), lambda: False)

    def reset(self) -> int:
        """Forget all counts, and return how many there were."""
        return self._ask(lambda gate: gate.ask(_clear_redis), lambda: 0) + self._memory.clear()

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._ask(lambda gate: gate.run("DEL", KEY_PREFIX + key), lambda: 0)
        self._memory.clear(key)

    def _present(self, key: str) -> Count:
        return self._ask(lambda gate: _read_redis(gate, key), lambda: self._memory.read(key))

    def _ask(self, in_redis: Callable[[RedisGate], T], in_memory: Callable[[], T]) -> T:
        try:
            answer = in_redis(self._gate)
        except RedisError:
            self._metrics.rate_limit_fallbacks.inc()
            self._show(in_memory=True)
            return in_memory()
        self._show(in_memory=False)
        return answer

    def _show(self, *, in_memory: bool) -> None:
        if in_memory is not self._in_memory:
            self._in_memory = in_memory
            self._metrics.show_limit_storage(*(("memory", "redis") if in_memory else ("redis", "memory")))


class LimitMemory:
    """The same counting in the memory of this process."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def hit(self, windows: Sequence[Window]) -> list[Count]:
        """Count one request in all of `windows`."""
        now_s = self._now_s()
        with self._lock:
            found = [self._present(window, now_s) for window in windows]
            if all(number < window.most for window, (number, _) in zip(windows, found, strict=True)):
                for window, (number, ends_s) in zip(windows, found, strict=True):
                    self._counts[window.key] = (number + 1, ends_s)
            if len(self._counts) > MOST_COUNTS:
                self._counts = {key: count for key, count in self._counts.items() if count[1] > now_s}
        return [Count(number + 1, ends_s - now_s) for number, ends_s in found]

    def read(self, key: str) -> Count:
        """Return where a window stands."""
        number, ends_s = self._present(Window(key, BOUNDLESS, 0), now_s := self._now_s())
        return Count(number, ends_s - now_s)

    def clear(self, key: str | None = None) -> int:
        """Forget one count, or all; return how many there were."""
        with self._lock:
            dropped = [key] if key in self._counts else [] if key else list(self._counts)
            for name in dropped:
                del self._counts[name]
            return len(dropped)

    def _present(self, window: Window, now_s: float) -> tuple[int, float]:
        number, ends_s = self._counts.get(window.key, (0, 0.0))
        return (number, ends_s) if ends_s > now_s else (0, now_s + window.length_s)


def hit_command(windows: Sequence[Window]) -> Command:
    """Return the command that counts one request in all of `windows`, for those who can ask it ahead."""
    return _HIT.command(*_hit_words(windows))


def _hit_in_redis(gate: RedisGate, windows: Sequence[Window]) -> list[Count]:
    answer = _HIT.run(gate, *_hit_words(windows))
    return [Count(number, left_ms / 1000) for number, left_ms in zip(answer[::2], answer[1::2], strict=True)]


def _hit_words(windows: Sequence[Window]) -> tuple[list[str], list[int]]:
    keys = [KEY_PREFIX + window.key for window in windows]
    return keys, [value for window in windows for value in (window.most, window.length_s * 1000)]


def _read_redis(gate: RedisGate, key: str) -> Count:
    number, left_ms = _READ.run(gate, [KEY_PREFIX + key], [])
    return Count(int(number), left_ms / 1000)


def _clear_redis(redis: Redis) -> int:
    return sum(int(redis.delete(key)) for key in redis.scan_iter(f"{KEY_PREFIX}*"))
