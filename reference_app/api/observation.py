"""Around every request: its id and its metrics."""

import re
import time
import uuid

from flask import Flask, Response, g, request

from reference_app.metrics import Metrics

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID_VARIABLE = "HTTP_X_REQUEST_ID"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def observe_requests(app: Flask, metrics: Metrics) -> None:
    """Identify and measure all of `app`'s requests."""

    def begin() -> None:
        g.started_s = time.perf_counter()
        g.request_id = _request_id(request.environ.get(REQUEST_ID_VARIABLE))
        metrics.in_flight.inc()

    def finish(response: Response) -> Response:
        duration_s = time.perf_counter() - g.started_s
        route = request.url_rule.rule if request.url_rule else None
        metrics.observe(request.method, route, response.status_code, duration_s)
        response.headers[REQUEST_ID_HEADER] = g.request_id
        return response

    def end(_error: BaseException | None) -> None:
        metrics.in_flight.dec()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def _request_id(given: str | None) -> str:
    """Keep a well-formed id that a proxy gave; otherwise make one, so that logs cannot be forged."""
    return given if given and _ACCEPTED_ID.fullmatch(given) else uuid.uuid4().hex
