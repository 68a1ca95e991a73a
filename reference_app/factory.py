"""Puts the application together. Nothing here connects to anything."""

from flask_openapi3.openapi import OpenAPI

from reference_app.api.authentication import EXTENSION, identify_requests
from reference_app.api.documentation import INFO, SECURITY_SCHEMES, add_document, page_routes
from reference_app.api.json_body import StrictJsonProvider
from reference_app.api.observation import observe_requests
from reference_app.api.pipelines import pipeline_routes
from reference_app.api.probes import METRICS_EXTENSION, probe_routes
from reference_app.api.problems import Problem, handle_problems, refuse_invalid
from reference_app.api.rate_limits import RouteLimiter, add_rate_limits
from reference_app.api.request_size import limit_request_size
from reference_app.api.security_headers import add_security_headers
from reference_app.api.sessions import login_routes, session_routes
from reference_app.api.statistics import statistics_routes
from reference_app.api.url_parts import ItemConverter
from reference_app.backend import Backend
from reference_app.cli import add_commands
from reference_app.metrics import Metrics, PipelinesByStatus
from reference_app.pipeline_counts import PipelineCounts
from reference_app.settings import Settings
from reference_app.structured_logging import configure_logging


def build_app(settings: Settings) -> OpenAPI:
    """Return the application that `settings` describe."""
    configure_logging(settings.log_level, as_json=settings.use_structured_logging)
    app = _bare_app()

    metrics = Metrics()
    backend = Backend(settings, metrics)
    metrics.add_business(PipelinesByStatus(PipelineCounts(backend).read))
    app.extensions[EXTENSION] = backend
    app.extensions[METRICS_EXTENSION] = metrics

    # Outermost first: Flask runs what comes after a request in reverse.
    observe_requests(app, metrics)
    limit_request_size(app, settings.max_body_bytes)
    add_security_headers(app, settings.hsts_max_age_s)
    handle_problems(app, metrics, settings.retry_after_s)
    identify_requests(app)

    for routes in (login_routes, session_routes, statistics_routes, pipeline_routes, probe_routes):
        app.register_api(routes)
    add_document(app)
    if settings.swagger_enabled:
        app.register_blueprint(page_routes)
    if settings.ratelimit_enabled:
        add_rate_limits(app, RouteLimiter(settings, backend.redis, metrics))
    add_commands(app, backend)
    return app


def _bare_app() -> OpenAPI:
    app = OpenAPI(
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
