"""The Flask application, without what it would do at every request and is not needed here."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Request
from flask.ctx import RequestContext
from flask_openapi3.openapi import OpenAPI

from reference_app.api.json_body import JsonRequest
from reference_app.api.visit import VISIT, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter


class Application(OpenAPI):
    """A Flask application whose requests come in through the admission."""

    request_class = JsonRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`: neither a view nor a hook here is a coroutine, and none is examined for it."""
        return func

    def create_url_adapter(self, request: Request | None) -> "MapAdapter | None":
        """Return what makes URLs; where the route is known, one that has not read the request's host for it."""
        visit: Visit | None = request.environ.get(VISIT) if request else None
        if request is None or visit is None or visit.rule is None:
            return super().create_url_adapter(request)
        script = request.environ.get("SCRIPT_NAME")
        return self.url_map.bind("", script, path_info=visit.path, default_method=visit.method)

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        """Return the context of one request."""
        return _VisitContext(self, environ)


class _VisitContext(RequestContext):
    """Takes over the route that the admission has found."""

    def match_request(self) -> None:
        """Find the route; where there is none, Flask finds that out again and keeps the error."""
        visit: Visit | None = self.request.environ.get(VISIT)
        if visit is None or visit.rule is None:
            super().match_request()
        else:
            self.request.url_rule, self.request.view_args = visit.rule, dict(visit.arguments)
