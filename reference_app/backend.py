"""Everything behind the views, put together once per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from reference_app.breaker import Breaker
from reference_app.cache.choice import make_cache
from reference_app.cache.invalidation import Invalidation
from reference_app.database import Database
from reference_app.metrics import Metrics
from reference_app.redis_gate import RedisGate, RedisPool
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.api_token import ApiTokenRepository
from reference_app.repositories.audit_event import AuditEventRepository
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.idempotency_record import IdempotencyRecordRepository
from reference_app.repositories.login_failures import LoginFailureRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.pipeline_view import PipelineViewRepository
from reference_app.repositories.registration_request import RegistrationRequestRepository
from reference_app.repositories.seed import SeedRepository
from reference_app.repositories.session import SessionRepository
from reference_app.repositories.statistics import StatisticsRepository
from reference_app.repositories.webhook_delivery import WebhookDeliveryRepository
from reference_app.services.accounts import AccountService
from reference_app.services.api_tokens import ApiTokenService
from reference_app.services.audit import AuditLog, AuditTrail
from reference_app.services.authentication import Authentication
from reference_app.services.deployment_logs import DeploymentLogService
from reference_app.services.idempotency import Idempotency
from reference_app.services.login_throttle import LoginThrottle
from reference_app.services.passwords import Passwords
from reference_app.services.pipelines import PipelineReader, PipelineService
from reference_app.services.principal import Origin
from reference_app.services.registrations import RegistrationService
from reference_app.services.run_reports import RunReports
from reference_app.services.second_factor import OneTimeCodes, SecondFactorService
from reference_app.services.secret_key import SecretKey
from reference_app.services.seed import Seed
from reference_app.services.sessions import SessionService, SessionStore
from reference_app.services.statistics import StatisticsService
from reference_app.settings import Settings


@dataclass(frozen=True)
class Shared:
    """What accounts and tokens need beside the database, in all transactions the same."""

    key: SecretKey
    passwords: Passwords
    codes: OneTimeCodes
    sessions: SessionStore
    token_longest_days: int


@dataclass(frozen=True)
class Work:
    """The services of one database transaction, each made when it is first asked for."""

    session: Session
    shared: Shared
    origin: Origin

    @cached_property
    def audit(self) -> AuditTrail:
        """What is recorded."""
        return AuditTrail(AuditEventRepository(self.session), self.origin)

    @cached_property
    def accounts(self) -> AccountService:
        """Who may log in."""
        return AccountService(AdminRepository(self.session), self.shared.passwords, self.shared.sessions, self.audit)

    @cached_property
    def sessions(self) -> SessionService:
        """Who is logged in."""
        return SessionService(self.shared.sessions, self.audit)

    @cached_property
    def second_factor(self) -> SecondFactorService:
        """Codes of authenticator apps."""
        return SecondFactorService(AdminRepository(self.session), self.shared.codes, self.audit)

    @cached_property
    def api_tokens(self) -> ApiTokenService:
        """How programs are known."""
        return ApiTokenService(
            ApiTokenRepository(self.session), self.shared.key, self.shared.token_longest_days, self.audit
        )

    @cached_property
    def registrations(self) -> RegistrationService:
        """Who would like an account."""
        return RegistrationService(RegistrationRequestRepository(self.session), self.accounts, self.audit)

    @cached_property
    def pipelines(self) -> PipelineService:
        """What is monitored."""
        views = PipelineViewRepository(self.session.connection())
        return PipelineService(views, PipelineRepository(self.session), self.audit)

    @cached_property
    def logs(self) -> DeploymentLogService:
        """What deployments wrote."""
        return DeploymentLogService(self.pipelines, DeploymentLogRepository(self.session), self.audit)

    @cached_property
    def audit_log(self) -> AuditLog:
        """What was recorded."""
        return AuditLog(AuditEventRepository(self.session))

    @cached_property
    def idempotency(self) -> Idempotency:
        """What was answered to creating calls."""
        return Idempotency(IdempotencyRecordRepository(self.session))

    @cached_property
    def run_reports(self) -> RunReports:
        """What CI services report."""
        return RunReports(
            WebhookDeliveryRepository(self.session),
            PipelineRepository(self.session),
            AdminRepository(self.session),
            self.shared.passwords,
            self.audit,
        )

    @cached_property
    def seed(self) -> Seed:
        """Made-up data."""
        return Seed(self.accounts, SeedRepository(self.session))


@dataclass(frozen=True)
class Look:
    """What can be looked at, each statement for itself."""

    connection: Connection

    @cached_property
    def pipelines(self) -> PipelineReader:
        """What is monitored."""
        return PipelineReader(PipelineViewRepository(self.connection))

    @cached_property
    def statistics(self) -> StatisticsService:
        """How many there are."""
        return StatisticsService(StatisticsRepository(self.connection))


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
        with self.database.reading(statement_timeout_s) as connection:
            yield Look(connection)

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
