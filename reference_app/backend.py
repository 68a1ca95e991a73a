"""Everything behind the views, put together once per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from reference_app.breaker import Breaker
from reference_app.cache.choice import make_cache
from reference_app.cache.invalidation import Invalidation
from reference_app.database import Database
from reference_app.metrics import Metrics
from reference_app.redis_gate import RedisGate, RedisPool
from reference_app.repositories.login_failures import LoginFailureRepository
from reference_app.repositories.session import SessionRepository
from reference_app.services.authentication import Authentication
from reference_app.services.login_throttle import LoginThrottle
from reference_app.services.passwords import Passwords
from reference_app.services.principal import Origin
from reference_app.services.second_factor import OneTimeCodes
from reference_app.services.secret_key import SecretKey
from reference_app.services.sessions import SessionStore
from reference_app.settings import Settings
from reference_app.work import Look, Shared, Work


class Backend:
    """The connections and the services over them. Making one connects to nothing."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.database = Database(settings, metrics)
        self._redis_pool = RedisPool(settings)
        self.redis = RedisGate(self._redis_pool.client, Breaker(settings.redis_retry_s), metrics.redis_failures.inc)
        self.cache = make_cache(settings, self.redis, metrics)
        Invalidation(self.cache).watch(self.database.sessions)
        self.shared = _share(settings, self.redis)
        self.throttle = LoginThrottle(
            LoginFailureRepository(self.redis),
            settings.login_failures_per_address,
            settings.login_failures_per_account,
        )
        self.authentication = Authentication(
            self.work,
            self.shared.passwords,
            self.shared.codes,
            self.throttle,
            self.shared.sessions,
        )

    @contextmanager
    def work(self, origin: Origin = Origin(), statement_timeout_s: float | None = None) -> Iterator[Work]:  # noqa: B008 - frozen
        """Give services that share one transaction: committed at the end, rolled back on an error.

        `statement_timeout_s` replaces the configured one.
        """
        with self.database.transaction(statement_timeout_s) as session:
            yield Work(session, self.shared, origin)

    @contextmanager
    def looking(self, statement_timeout_s: float | None = None) -> Iterator[Look]:
        """Give what can be looked at; `statement_timeout_s` replaces the configured one."""
        with self.database.reading(statement_timeout_s) as reader:
            yield Look(reader)

    def close(self) -> None:
        """Close the pooled connections."""
        self.database.engine.dispose()
        self._redis_pool.close()


def _share(settings: Settings, redis: RedisGate) -> Shared:
    key = SecretKey(settings.secret_key.get_secret_value())
    sessions = SessionRepository(redis, timedelta(seconds=settings.session_idle_s))
    return Shared(
        key=key,
        passwords=Passwords(settings),
        codes=OneTimeCodes(key),
        sessions=SessionStore(sessions, key, timedelta(seconds=settings.session_absolute_s)),
        token_longest_days=settings.token_longest_days,
    )
