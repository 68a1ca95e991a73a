"""One line in the log for each request: who asked for what, what came of it, how long it took."""

import time

from flask import Flask, Response, g, request
from structlog.typing import FilteringBoundLogger


def log_requests(app: Flask, logger: FilteringBoundLogger) -> None:
    """Log each of `app`'s requests when its response is ready.

    The query is left out: people put secrets there.
    """

    def write(response: Response) -> Response:
        rule, principal = request.url_rule, g.get("principal")
        logger.info(
            "request",
            request_id=g.request_id,
            method=request.method,
            route=rule.rule if rule else None,
            path=request.path,
            status=response.status_code,
            duration_ms=round((time.perf_counter() - g.started_s) * 1000, 2),
            user_id=principal.user_id if principal else None,
        )
        return response

    app.after_request(write)
