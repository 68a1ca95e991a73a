"""Requests that were refused go to the audit trail."""

import structlog
from flask import request
from sqlalchemy.exc import SQLAlchemyError

from reference_app.api.authentication import known_principal, work
from reference_app.errors import AppError

_log = structlog.get_logger("reference_app.denials")


def record_denial(error: AppError) -> None:
    """Record who was refused what; without Postgres only the log tells."""
    reason = type(error).__name__
    try:
        with work() as services:
            services.audit.denied(known_principal(), request.endpoint or "unknown", reason=reason)
    except SQLAlchemyError as failure:
        _log.error("denial_not_recorded", reason=reason, error=type(failure).__name__)
