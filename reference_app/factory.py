"""Puts the application together. Nothing here connects to anything."""

from reference_app.api.admission import admit_requests
from reference_app.api.application import Application
from reference_app.api.audit import audit_routes
from reference_app.api.authentication import EXTENSION
from reference_app.api.deployment_logs import log_routes
from reference_app.api.documentation import INFO, RELEASE, SECURITY_SCHEMES, add_document, page_routes
from reference_app.api.event_streams import add_event_streams
from reference_app.api.json_body import StrictJsonProvider
from reference_app.api.observation import observe_requests
from reference_app.api.pipelines import pipeline_routes
from reference_app.api.probes import METRICS_EXTENSION, probe_routes
from reference_app.api.problems import Problem, handle_problems
from reference_app.api.rate_limits import RouteLimiter
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


def build_app(settings: Settings) -> Application:
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

    handle_problems(app, metrics, settings.retry_after_s)
    add_event_streams(app, settings)

    for routes in ROUTES:
        app.register_api(routes)
    add_document(app)
    if settings.swagger_enabled:
        app.register_blueprint(page_routes)
    limiter = RouteLimiter(settings, backend.redis, metrics)
    if settings.ratelimit_enabled:
        limiter.limit_routes(app)

    # A request meets these from the last to the first, then Flask, whose first hook is the limit of its size.
    limit_request_size(app, settings.max_body_bytes)
    admit_requests(app, backend, limiter, [refuse_plain_http] if settings.force_https else [])
    observe_requests(app, metrics, request_logger(settings.log_level, as_json=settings.use_structured_logging))
    add_security_headers(app, settings)
    believe_proxies(app, settings.trusted_proxies)
    add_commands(app, backend)
    return app


def _bare_app() -> Application:
    app = Application(
        "reference_app",
        info=INFO,
        security_schemes=SECURITY_SCHEMES,
        validation_error_model=Problem,
        doc_ui=False,  # ours is at another address, and obeys a content security policy
        static_folder=None,
    )
    app.json = StrictJsonProvider(app)
    app.url_map.merge_slashes = False
    app.url_map.converters["default"] = ItemConverter
    return app
