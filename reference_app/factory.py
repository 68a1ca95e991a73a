"""Puts the application together. Nothing here connects to anything."""

from collections.abc import Callable
from typing import Any

from flask_openapi3.openapi import OpenAPI

from reference_app.api.audit import audit_routes
from reference_app.api.authentication import EXTENSION, identify_requests
from reference_app.api.cached import foresee_cache
from reference_app.api.deployment_logs import log_routes
from reference_app.api.documentation import INFO, RELEASE, SECURITY_SCHEMES, add_document, page_routes
from reference_app.api.event_streams import add_event_streams
from reference_app.api.json_body import StrictJsonProvider
from reference_app.api.observation import observe_requests
from reference_app.api.pipelines import pipeline_routes
from reference_app.api.probes import METRICS_EXTENSION, probe_routes
from reference_app.api.problems import Problem, handle_problems, refuse_invalid
from reference_app.api.rate_limits import RouteLimiter, add_rate_limits
from reference_app.api.registrations import registration_routes
from reference_app.api.request_size import limit_request_size
from reference_app.api.second_factor import second_factor_routes
from reference_app.api.security_headers import add_security_headers
from reference_app.api.sessions import login_routes, session_routes
from reference_app.api.statistics import statistics_routes
from reference_app.api.tokens import token_routes
from reference_app.api.transport import believe_proxies, refuse_plain_http
from reference_app.api.url_parts import ItemConverter
from reference_app.api.users import user_routes
from reference_app.api.webhooks import webhook_routes
from reference_app.backend import Backend
from reference_app.cli import add_commands
from reference_app.metrics import Metrics, PipelinesByStatus
from reference_app.pipeline_counts import PipelineCounts
from reference_app.settings import Settings
from reference_app.structured_logging import configure_logging, request_logger

ROUTES = (
    login_routes,
    session_routes,
    second_factor_routes,
    token_routes,
    registration_routes,
    user_routes,
    statistics_routes,
    pipeline_routes,
    log_routes,
    webhook_routes,
    audit_routes,
    probe_routes,
)


def build_app(settings: Settings) -> OpenAPI:
    """Return the application that `settings` describe."""
    configure_logging(settings.log_level, as_json=settings.use_structured_logging)
    app = _bare_app()
    if settings.sentry_dsn:
        from reference_app.error_reports import report_errors  # noqa: PLC0415 - see there

        report_errors(settings.sentry_dsn.get_secret_value(), environment=settings.app_env, release=RELEASE)

    metrics = Metrics()
    backend = Backend(settings, metrics)
    metrics.add_business(PipelinesByStatus(PipelineCounts(backend).read))
    app.extensions[EXTENSION] = backend
    app.extensions[METRICS_EXTENSION] = metrics

    # Outermost first: Flask runs what comes after a request in reverse.
    observe_requests(app, metrics, request_logger(settings.log_level, as_json=settings.use_structured_logging))
    limit_request_size(app, settings.max_body_bytes)
    add_security_headers(app, settings)
    handle_problems(app, metrics, settings.retry_after_s)
    if settings.force_https:
        refuse_plain_http(app)
    limiter = RouteLimiter(settings, backend.redis, metrics)
    identify_requests(app, backend, [limiter.foresee, foresee_cache(backend.cache)])
    believe_proxies(app, settings.trusted_proxies)
    add_event_streams(app, settings)

    for routes in ROUTES:
        app.register_api(routes)
    add_document(app)
    if settings.swagger_enabled:
        app.register_blueprint(page_routes)
    if settings.ratelimit_enabled:
        add_rate_limits(app, limiter)
    add_commands(app, backend)
    return app


class _SynchronousApp(OpenAPI):
    """Neither a view nor a hook here is a coroutine: none is examined for it at every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`."""
        return func


def _bare_app() -> OpenAPI:
    app = _SynchronousApp(
        "reference_app",
        info=INFO,
        security_schemes=SECURITY_SCHEMES,
        validation_error_model=Problem,
        validation_error_callback=refuse_invalid,
        doc_ui=False,  # ours is at another address, and obeys a content security policy
        static_folder=None,
    )
    app.json = StrictJsonProvider(app)
    app.url_map.merge_slashes = False
    app.url_map.converters["default"] = ItemConverter
    return app
