"""Requests that were refused go to the audit trail."""

import structlog
from flask import request
from sqlalchemy.exc import SQLAlchemyError

from reference_app.api.authentication import known_principal, work
from reference_app.errors import AppError, WrongCredentialsError
from reference_app.services.audit import Subject

_log = structlog.get_logger("reference_app.denials")


def record_denial(error: AppError) -> None:
    """Record who was refused what; without Postgres only the log tells."""
    reason, operation = type(error).__name__, request.endpoint or "unknown"
    user_id = error.user_id if isinstance(error, WrongCredentialsError) else None
    subject = None if user_id is None else Subject("user", user_id)
    try:
        with work() as services:
            services.audit.denied(known_principal(), operation, subject, reason=reason)
    except SQLAlchemyError as failure:
        _log.error("denial_not_recorded", reason=reason, error=type(failure).__name__)
