"""The tables, as SQLAlchemy 2 declarative classes; `Base.metadata` is what the migrations must match."""

from reference_app.models.admin import Admin, Role
from reference_app.models.api_token import ApiToken, Scope
from reference_app.models.audit_event import AuditEvent, AuditOutcome
from reference_app.models.base import Base
from reference_app.models.deployment_log import DeploymentLog, LogLevel
from reference_app.models.idempotency_record import IdempotencyRecord
from reference_app.models.pipeline import Pipeline, PipelineStatus
from reference_app.models.registration_request import RegistrationRequest, RegistrationStatus
from reference_app.models.webhook_delivery import WebhookDelivery

__all__ = [
    "Admin",
    "ApiToken",
    "AuditEvent",
    "AuditOutcome",
    "Base",
    "DeploymentLog",
    "IdempotencyRecord",
    "LogLevel",
    "Pipeline",
    "PipelineStatus",
    "RegistrationRequest",
    "RegistrationStatus",
    "Role",
    "Scope",
    "WebhookDelivery",
]
