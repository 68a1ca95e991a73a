"""The services of one piece of work, each made when it is first asked for."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from reference_app.reader import Reader
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.api_token import ApiTokenRepository
from reference_app.repositories.audit_event import AuditEventRepository
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.idempotency_record import IdempotencyRecordRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.pipeline_view import PipelineViewRepository
from reference_app.repositories.registration_request import RegistrationRequestRepository
from reference_app.repositories.seed import SeedRepository
from reference_app.repositories.statistics import StatisticsRepository
from reference_app.repositories.webhook_delivery import WebhookDeliveryRepository
from reference_app.services.accounts import AccountService
from reference_app.services.api_tokens import ApiTokenService
from reference_app.services.audit import AuditLog, AuditTrail
from reference_app.services.deployment_logs import DeploymentLogService
from reference_app.services.idempotency import Idempotency
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
        views = PipelineViewRepository(Reader.of(self.session.connection()))
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

    reader: Reader

    @cached_property
    def pipelines(self) -> PipelineReader:
        """What is monitored."""
        return PipelineReader(PipelineViewRepository(self.reader))

    @cached_property
    def statistics(self) -> StatisticsService:
        """How many there are."""
        return StatisticsService(StatisticsRepository(self.reader))
