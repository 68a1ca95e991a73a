"""Failed logins of the last quarter of an hour, and from where accounts have logged in, in Redis."""

import math
import time
from dataclasses import dataclass
from datetime import timedelta

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis

from reference_app.redis_gate import RedisGate

WINDOW_MINUTES = 15
REMEMBERED = timedelta(days=90)
"""For how long after its last login an account's address counts as known."""
_KNOWN_PREFIX = "login-known:"
_TOLD_PREFIX = "login-refusal-told:"


@dataclass(frozen=True)
class Budget:
    """How many failures somebody may have in the window; `names` say whose failures they are."""

    failures: int
    names: tuple[str, ...]

    @property
    def item(self) -> RateLimitItem:
        """The same in the words of `limits`."""
        return RateLimitItemPerMinute(self.failures, WINDOW_MINUTES, namespace="login-failures")


class LoginFailureRepository:
    """Counts in moving windows: a failure is forgotten exactly a quarter of an hour later."""

    def __init__(self, redis: RedisGate) -> None:
        self._redis = redis

    def add(self, budget: Budget) -> None:
        """Count one failure."""
        self._redis.ask(lambda redis: _windows(redis).hit(budget.item, *budget.names))

    def wait_s(self, budget: Budget) -> int:
        """Return for how many seconds the budget stays used up; 0 while it is not."""
        stats = self._redis.ask(lambda redis: _windows(redis).get_window_stats(budget.item, *budget.names))
        return 0 if stats.remaining > 0 else max(1, math.ceil(stats.reset_time - time.time()))

    def remember(self, username: str, network: str) -> None:
        """Note that the account logged in from there."""
        self._redis.ask(lambda redis: redis.set(f"{_KNOWN_PREFIX}{username}:{network}", 1, ex=REMEMBERED))

    def is_known(self, username: str, network: str) -> bool:
        """Return whether the account logged in from there lately."""
        return bool(self._redis.ask(lambda redis: redis.exists(f"{_KNOWN_PREFIX}{username}:{network}")))

    def tell_once(self, budget: Budget, for_s: int) -> bool:
        """Return whether nobody was told for so many seconds that this budget is used up."""
        name = _TOLD_PREFIX + ":".join(budget.names)
        return bool(self._redis.ask(lambda redis: redis.set(name, 1, ex=for_s, nx=True)))


def _windows(redis: Redis) -> MovingWindowRateLimiter:
    """Return the counters over the connections of `redis`; the address is not used then."""
    return MovingWindowRateLimiter(RedisStorage("redis://", connection_pool=redis.connection_pool))
