"""Redis behind a gate that shuts for a moment after a failure, so that a Redis that is down costs no request a wait."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from redis import BlockingConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from reference_app.settings import Settings

T = TypeVar("T")

CONNECTIONS = 16


class GateShutError(RedisError):
    """Redis failed a moment ago, and was not asked again."""


class RedisGate:
    """One client for all threads of the process. After a failure one caller in `retry_s` tries; others fail at once."""

    def __init__(self, client: Redis, retry_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._retry_s = retry_s
        self._now_s = now_s
        self._lock = threading.Lock()
        self._shut_until_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the last answer was one."""
        return self._shut_until_s is None

    def ask(self, command: Callable[[Redis], T]) -> T:
        """Return what `command` returns; `RedisError` when Redis does not answer, `GateShutError` without asking."""
        if self._shut_until_s is not None:
            self._take_turn()
        try:
            answer = command(self._client)
        except RedisError:
            self._shut_until_s = self._now_s() + self._retry_s
            raise
        self._shut_until_s = None
        return answer

    def close(self) -> None:
        """Close the pooled connections."""
        self._client.close()

    def _take_turn(self) -> None:
        with self._lock:
            now_s = self._now_s()
            if self._shut_until_s is not None and now_s < self._shut_until_s:
                raise GateShutError("Redis did not answer a moment ago")
            self._shut_until_s = now_s + self._retry_s


def open_gate(settings: Settings) -> RedisGate:
    """Return a gate to the configured Redis, whose every wait ends after `redis_timeout_s`; connects to nothing."""
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        max_connections=CONNECTIONS,
        timeout=settings.redis_timeout_s,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 1),  # one more try, for a connection that died in the pool
        decode_responses=True,
    )
    return RedisGate(Redis.from_pool(pool), settings.redis_retry_s)
