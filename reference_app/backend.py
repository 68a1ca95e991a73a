"""Everything behind the views, put together once per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from reference_app.breaker import Breaker
from reference_app.cache.choice import make_cache
from reference_app.cache.invalidation import Invalidation
from reference_app.database import Database
from reference_app.metrics import Metrics
from reference_app.models import Admin
from reference_app.redis_gate import RedisGate, RedisPool
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.audit_event import AuditEventRepository
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.session import SessionRepository
from reference_app.repositories.statistics import StatisticsRepository
from reference_app.services.accounts import AccountService
from reference_app.services.audit import AuditTrail
from reference_app.services.authentication import Authentication
from reference_app.services.deployment_logs import DeploymentLogService
from reference_app.services.passwords import Passwords
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Origin
from reference_app.services.seed import Seed
from reference_app.services.statistics import StatisticsService
from reference_app.settings import Settings


@dataclass(frozen=True)
class Work:
    """The services of one database transaction, each made when it is first asked for."""

    session: Session
    passwords: Passwords
    origin: Origin

    @cached_property
    def audit(self) -> AuditTrail:
        """What is recorded."""
        return AuditTrail(AuditEventRepository(self.session), self.origin)

    @cached_property
    def accounts(self) -> AccountService:
        """Who may log in."""
        return AccountService(AdminRepository(self.session), self.passwords)

    @cached_property
    def pipelines(self) -> PipelineService:
        """What is monitored."""
        return PipelineService(PipelineRepository(self.session), self.audit)

    @cached_property
    def statistics(self) -> StatisticsService:
        """How many pipelines there are."""
        return StatisticsService(StatisticsRepository(self.session))

    @cached_property
    def logs(self) -> DeploymentLogService:
        """What deployments wrote."""
        return DeploymentLogService(self.pipelines, DeploymentLogRepository(self.session))

    @cached_property
    def seed(self) -> Seed:
        """Made-up data."""
        return Seed(self.accounts, PipelineRepository(self.session), DeploymentLogRepository(self.session))


class Backend:
    """The connections and the services over them. Making one connects to nothing."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.database = Database(settings, metrics)
        self._redis_pool = RedisPool(settings)
        self.redis = RedisGate(self._redis_pool.client, Breaker(settings.redis_retry_s), metrics.redis_failures.inc)
        self.cache = make_cache(settings, self.redis, metrics)
        Invalidation(self.cache).watch(self.database.sessions)
        self._passwords = Passwords(settings)
        self.authentication = Authentication(
            self._find_account,
            self._passwords,
            SessionRepository(self.redis),
            settings.secret_key.get_secret_value(),
            timedelta(seconds=settings.session_absolute_s),
        )

    @contextmanager
    def work(self, origin: Origin = Origin(), statement_timeout_s: float | None = None) -> Iterator[Work]:  # noqa: B008 - frozen
        """Give services that share one transaction: committed at the end, rolled back on an error.

        `statement_timeout_s` replaces the configured one.
        """
        with self.database.transaction(statement_timeout_s) as session:
            yield Work(session, self._passwords, origin)

    @contextmanager
    def reading(self, statement_timeout_s: float | None = None) -> Iterator[Work]:
        """Give services that only read; nothing that they change would be kept together."""
        if statement_timeout_s is not None:
            with self.work(statement_timeout_s=statement_timeout_s) as work:
                yield work
            return
        with self.database.reading() as session:
            yield Work(session, self._passwords, Origin())

    def close(self) -> None:
        """Close the pooled connections."""
        self.database.engine.dispose()
        self._redis_pool.close()

    def _find_account(self, username: str) -> Admin | None:
        # A transaction of its own: checking the password takes long, and needs no connection.
        with self.work() as work:
            return work.accounts.find(username)
