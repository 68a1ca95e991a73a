"""Redis behind a gate that shuts for a moment after a failure, so that a Redis that is down costs no request a wait."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from hiredis import pack_command
from redis import ConnectionError as RedisConnectionError
from redis import ConnectionPool, Redis, RedisError, ResponseError
from redis.backoff import NoBackoff
from redis.retry import Retry

from reference_app.breaker import Breaker
from reference_app.settings import Settings

T = TypeVar("T")
Command = tuple[str | int, ...]
"""A command of Redis with its arguments."""

MOST_THREADS = 10_000
"""Each thread keeps a connection; the server's threads are far fewer, and this only keeps redis-py from minding."""


class GateShutError(RedisError):
    """Redis failed a moment ago, and was not asked again."""


class RedisGate:
    """Redis for all threads of the process. After a failure one caller in `retry_s` tries; others fail at once.

    Each thread has a connection of its own: taking one from redis-py's pool and giving it back takes longer
    than Redis takes to answer.
    """

    def __init__(self, connect: Callable[[], Redis], breaker: Breaker, on_failure: Callable[[], object]) -> None:
        self._connect = connect
        self._breaker = breaker
        self._on_failure = on_failure
        self._own = threading.local()

    def ask(self, command: Callable[[Redis], T]) -> T:
        """Return what `command` returns; `RedisError` when Redis does not answer, `GateShutError` without asking."""
        if not self._breaker.may_try():
            raise GateShutError("Redis did not answer a moment ago")
        try:
            answer = command(self._client())
        except RedisError:
            self._breaker.failed()
            self._on_failure()
            raise
        self._breaker.worked()
        return answer

    def run(self, *command: str | int) -> Any:
        """Return Redis's answer to one command, which `ask_ahead` may have fetched; raises as `ask` does."""
        answers: dict[Command, Any] = getattr(self._own, "ahead", {})
        if command in answers:
            answer = answers.pop(command)
        else:
            (answer,) = self.ask(lambda redis: _exchange(redis, [command]))
        if isinstance(answer, ResponseError):
            raise answer
        return answer

    def ask_ahead(self, commands: Sequence[Command]) -> None:
        """Fetch what `run` is going to be asked for in this thread: one round trip instead of one for each.

        Without an answer, `run` will ask for itself. `forget_ahead` ends it.
        """
        with suppress(RedisError):
            answers = self.ask(lambda redis: _exchange(redis, commands))
            self._own.ahead = dict(zip(commands, answers, strict=True))

    def forget_ahead(self) -> None:
        """Drop what was fetched ahead and not asked for: it was true then, and for that request."""
        self._own.ahead = {}

    def _client(self) -> Redis:
        try:
            client: Redis = self._own.client
        except AttributeError:
            client = self._own.client = self._connect()
        return client


class RedisPool:
    """The connections behind a gate; every wait ends after `redis_timeout_s`."""

    def __init__(self, settings: Settings) -> None:
        self._pool = ConnectionPool.from_url(
            settings.redis_url.get_secret_value(),
            max_connections=MOST_THREADS,
            socket_timeout=settings.redis_timeout_s,
            socket_connect_timeout=settings.redis_timeout_s,
            # One more try, for a connection that died while nobody used it; a silent Redis is not asked twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            decode_responses=True,
        )

    def client(self) -> Redis:
        """Return a client with a connection of its own; `RedisError` when there is none to be had."""
        return Redis(connection_pool=self._pool, single_connection_client=True)

    def close(self) -> None:
        """Close all connections."""
        self._pool.disconnect()


def _exchange(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send all, then read all; once more when the connection had died while nobody used it."""
    connection: Any = redis.connection
    packed = [b"".join(map(_pack, commands))]
    try:
        return _send(connection, packed, len(commands))
    except RedisConnectionError:
        return _send(connection, packed, len(commands))


def _pack(command: Command) -> bytes:
    """Do as redis-py does, which takes longer for it than for sending."""
    packed: bytes = pack_command(command)  # type: ignore[arg-type]  # they mean tuples of any length
    return packed


def _send(connection: Any, packed: Sequence[bytes], answers: int) -> list[Any]:
    """Return the answers in their order; a refusal of one command (`ResponseError`) is its answer."""
    connection.send_packed_command(packed)
    return [_read(connection) for _ in range(answers)]


def _read(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
