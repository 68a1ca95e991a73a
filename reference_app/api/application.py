"""The Flask application, without what it would do at every request and is not needed here."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Request
from flask.ctx import RequestContext
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import MapAdapter

from reference_app.api.visit import VISIT, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Application(OpenAPI):
    """A Flask application whose requests come in through the admission."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`: neither a view nor a hook here is a coroutine, and none is examined for it."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what makes URLs for a request; where the admission has found its route, one serves all."""
        if request is None or not _has_route(request.environ) or request.environ.get("SCRIPT_NAME"):
            return super().create_url_adapter(request)
        return self._adapter

    @cached_property
    def _adapter(self) -> MapAdapter:
        return self.url_map.bind("")

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        """Return the context of one request."""
        return _VisitContext(self, environ)


class _VisitContext(RequestContext):
    """Takes over the route that the admission has found."""

    def match_request(self) -> None:
        """Find the route; where there is none, Flask finds that out again and keeps the error."""
        if not _has_route(self.request.environ):
            super().match_request()
        else:
            visit: Visit = self.request.environ[VISIT]
            self.request.url_rule, self.request.view_args = visit.rule, dict(visit.arguments)


def _has_route(environ: "WSGIEnvironment") -> bool:
    visit: Visit | None = environ.get(VISIT)
    return visit is not None and visit.rule is not None
