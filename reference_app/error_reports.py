"""Unexpected errors go to Sentry: what broke, where, in which request; and nothing that the request carried.

Imported only where SENTRY_DSN is set: the SDK takes memory and a little of every request.
"""

import sentry_sdk
from flask import has_request_context
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.types import Event, Hint

from reference_app.api.observation import request_id
from reference_app.structured_logging import without_rows

FLUSH_S = 2.0
"""How long a process that ends waits for reports that are still on their way."""


def report_errors(dsn: str, *, environment: str, release: str) -> None:
    """Report what Flask's signal `got_request_exception` tells, from this process on, in a thread of its own.

    Integrations are named one by one: those that the SDK would choose record queries, calls and log lines.
    """
    sentry_sdk.init(
        dsn,
        environment=environment,
        release=release,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            FlaskIntegration(transaction_style="url"),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda _pending, _timeout: None),
        ],
        before_send=_keep_what_may_leave,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=FLUSH_S,
    )


def _keep_what_may_leave(event: Event, _hint: Hint) -> Event:
    """Leave only method and address of the request, without query; name the request; drop rows that Postgres quotes."""
    request = event.pop("request", {})
    event["request"] = {name: request[name] for name in ("method", "url") if name in request}
    if has_request_context():
        event["tags"] = {**event.get("tags", {}), "request_id": request_id()}
    for exception in event.get("exception", {}).get("values", ()):
        exception["value"] = without_rows(exception.get("value") or "")
    return event
