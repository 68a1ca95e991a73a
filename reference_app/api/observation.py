"""Around every request, outside Flask: its id, its metrics, and its line in the log."""

import os
import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from structlog.typing import FilteringBoundLogger
from werkzeug.wsgi import ClosingIterator

from reference_app.api.added_headers import Headers, Write
from reference_app.api.visit import VISIT, Visit
from reference_app.metrics import Metrics
from reference_app.structured_logging import REQUEST_ID, present_request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def observe_requests(app: Flask, metrics: Metrics, logger: FilteringBoundLogger) -> None:
    """Identify, measure and log all of `app`'s requests."""
    app.wsgi_app = _Observer(app.wsgi_app, metrics, logger)  # type: ignore[method-assign]


def request_id() -> str:
    """Return the id of the present request."""
    found: str = request.environ[REQUEST_ID]
    return found


class _Observer:
    """Tells of each request when its response begins: who asked for what, what came of it, how long it took.

    The query is left out of the log: people put secrets there.
    """

    def __init__(self, app: "WSGIApplication", metrics: Metrics, logger: FilteringBoundLogger) -> None:
        self._app = app
        self._metrics = metrics
        self._logger = logger

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started_s = time.perf_counter()
        environ[REQUEST_ID] = identity = _request_id(environ.get("HTTP_X_REQUEST_ID"))
        present_request_id.set(identity)

        def start(status: str, headers: Headers, *error: Any) -> Write:
            self._tell(environ, int(status[:3]), time.perf_counter() - started_s)
            return start_response(status, [*headers, (REQUEST_ID_HEADER, identity)], *error)

        self._metrics.in_flight.inc()
        try:
            body = self._app(environ, start)
        except BaseException:
            self._finish()
            raise
        return ClosingIterator(body, self._finish)

    def _finish(self) -> None:
        self._metrics.in_flight.dec()
        present_request_id.set(None)

    def _tell(self, environ: "WSGIEnvironment", status: int, duration_s: float) -> None:
        visit: Visit = environ[VISIT]
        route = visit.rule.rule if visit.rule else None
        self._metrics.observe(visit.method, route, status, duration_s)
        self._logger.info(
            "request",
            request_id=environ[REQUEST_ID],
            method=visit.method,
            route=route,
            path=visit.path,
            status=status,
            duration_ms=round(duration_s * 1000, 2),
            user_id=visit.principal.user_id if visit.principal else None,
        )


def new_request_id() -> str:
    """Return an id that no other request has."""
    return os.urandom(16).hex()


def _request_id(given: str | None) -> str:
    """Keep a well-formed id that a proxy gave; otherwise make one, so that logs cannot be forged."""
    return given if given and _ACCEPTED_ID.fullmatch(given) else new_request_id()
