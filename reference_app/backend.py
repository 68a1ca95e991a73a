"""Everything behind the views, put together once per application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from reference_app.database import Database
from reference_app.models import Admin
from reference_app.redis_gate import open_gate
from reference_app.repositories.admin import AdminRepository
from reference_app.repositories.audit_event import AuditEventRepository
from reference_app.repositories.deployment_log import DeploymentLogRepository
from reference_app.repositories.idempotency_record import IdempotencyRecordRepository
from reference_app.repositories.maintenance import MaintenanceRepository
from reference_app.repositories.pipeline import PipelineRepository
from reference_app.repositories.seed import SeedRepository
from reference_app.repositories.session import SessionRepository
from reference_app.repositories.webhook_delivery import WebhookDeliveryRepository
from reference_app.services.accounts import AccountService
from reference_app.services.audit import AuditLog, AuditTrail
from reference_app.services.authentication import Authentication
from reference_app.services.deployment_logs import DeploymentLogService
from reference_app.services.idempotency import Idempotency
from reference_app.services.passwords import Passwords
from reference_app.services.pipelines import PipelineService
from reference_app.services.principal import Origin
from reference_app.services.pruning import Pruning
from reference_app.services.run_reports import RunReports
from reference_app.services.seed import Seed
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
            self.passwords,
            self.audit,
        )

    @cached_property
    def seed(self) -> Seed:
        """Made-up data."""
        return Seed(self.accounts, SeedRepository(self.session))

    @cached_property
    def pruning(self) -> Pruning:
        """The end of what is past its time."""
        return Pruning(MaintenanceRepository(self.session))


class Backend:
    """The connections and the services over them. Making one connects to nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.redis = open_gate(settings)
        self._passwords = Passwords(settings)
        self.authentication = Authentication(
            self._find_account,
            self._passwords,
            SessionRepository(self.redis),
            settings.secret_key.get_secret_value(),
            timedelta(seconds=settings.session_absolute_s),
        )

    @contextmanager
    def work(self, origin: Origin = Origin()) -> Iterator[Work]:  # noqa: B008 - frozen
        """Give services that share one transaction: committed at the end, rolled back on an error."""
        with self.database.transaction() as session:
            yield Work(session, self._passwords, origin)

    def close(self) -> None:
        """Close the pooled connections."""
        self.database.engine.dispose()
        self.redis.close()

    def _find_account(self, username: str) -> Admin | None:
        # A transaction of its own: checking the password takes long, and needs no connection.
        with self.work() as work:
            return work.accounts.find(username)
