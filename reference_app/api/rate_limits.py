"""Rate limits by route and user: which there are, counted before Flask sees a request, and told by headers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask
from flask_limiter import ExemptionScope, Limiter
from flask_limiter.util import get_qualified_name

from reference_app.addresses import network_of
from reference_app.api.limit_plans import POLICY_HEADER, REMAINING_HEADER, Plan, Standing, make_plan
from reference_app.api.visit import Visit
from reference_app.errors import TooManyAttemptsError
from reference_app.limit_storage import LimitStorage, hit_command
from reference_app.metrics import Metrics
from reference_app.redis_gate import Command, RedisGate
from reference_app.settings import Settings

OWN_LIMITS: Mapping[str, str] = {
    "login.login": "ratelimit_login",
    "registrations.request_account": "ratelimit_registration",
    "webhooks.receive_github_delivery": "ratelimit_webhook",
}
"""The settings that take the default's place, by endpoint."""
UNLIMITED_BLUEPRINTS = frozenset({"probes", "documentation"})
UNLIMITED_ENDPOINTS = frozenset({"openapi_document"})


class RouteLimiter(Limiter):
    """Flask-Limiter, which knows the limits of each route, with a check of its own.

    Flask-Limiter's check reads the texts of the limits again, and asks the storage limit by limit, at every
    request; this one reads them once for each route, and asks once for each request.
    """

    def __init__(self, settings: Settings, gate: RedisGate, metrics: Metrics) -> None:
        options: dict[str, Any] = {"gate": gate, "metrics": metrics}
        super().__init__(
            _nobody,
            default_limits=[settings.ratelimit_default],
            storage_uri="gate://",
            storage_options=options,
        )
        self._settings = settings
        self._metrics = metrics

    def limit_routes(self, app: Flask) -> None:
        """Apply the limits to the routes that `app` has by now."""
        # What is registered already gets none of Flask-Limiter's hooks, which do nothing here at every request.
        app.extensions.setdefault("limiter", set()).add(self)
        self.init_app(app)
        for name in UNLIMITED_BLUEPRINTS & app.blueprints.keys():
            self.limit_manager.add_blueprint_exemption(name, ExemptionScope.DEFAULT)
        for endpoint in UNLIMITED_ENDPOINTS:
            self.exempt(app.view_functions[endpoint])
        for endpoint in OWN_LIMITS.keys() & app.view_functions.keys():
            view: Callable[..., Any] = app.view_functions[endpoint]
            app.view_functions[endpoint] = self.limit(getattr(self._settings, OWN_LIMITS[endpoint]))(view)

    def plan_of(self, app: Flask, endpoint: str) -> Plan | None:
        """Return the limits of a route of `app`; None where it has none, or nothing is limited."""
        if not self.initialized:
            return None
        name = get_qualified_name(app.view_functions[endpoint])
        blueprint = endpoint.rpartition(".")[0] or None
        defaults, own = self.limit_manager.resolve_limits(app, endpoint, blueprint, name)
        source = OWN_LIMITS.get(endpoint, "ratelimit_default").removeprefix("ratelimit_")
        return make_plan(endpoint, source, [each.limit for each in (*defaults, *own)])

    def foresee(self, visit: Visit, user_id: int) -> Sequence[Command]:
        """Return what `count` is going to ask Redis, if the visit is that user's."""
        plan = visit.terms.plan
        return [hit_command(plan.windows(_user(user_id)))] if plan else ()

    def count(self, visit: Visit) -> None:
        """Count the visit; `TooManyAttemptsError` when it is one too many."""
        plan = visit.terms.plan
        if plan is None:
            return
        storage = self.storage
        if not isinstance(storage, LimitStorage):
            raise TypeError("limit_routes() comes first")
        visit.standing = Standing(plan, storage.hit(plan.windows(_client(visit))))
        wait_s = visit.standing.wait_s()
        if wait_s is not None:
            self._metrics.count_refusal(plan.endpoint)
            raise TooManyAttemptsError("There were too many requests. Try again later.", wait_s)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002 - their signature
        """Do nothing where Flask-Limiter would count: the request was counted on its way in."""


def describe_rate_limits(document: dict[str, Any]) -> None:
    """Add the headers to all answers of limited operations in the API document `document`."""
    for operation in _operations(document):
        if "429" in operation["responses"]:
            for response in operation["responses"].values():
                response.setdefault("headers", {}).update(_DOCUMENTED)


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _client(visit: Visit) -> str:
    if visit.principal is not None:
        return _user(visit.principal.user_id)
    return f"address:{network_of(visit.origin.address)}"


def _user(user_id: int) -> str:
    return f"user:{user_id}"


def _nobody() -> str:
    """Stand in for the key that Flask-Limiter counts by where it counts itself, which it does not here."""
    raise NotImplementedError


_Header = dict[str, Any]
_DOCUMENTED: dict[str, _Header] = {
    POLICY_HEADER: {
        "description": "The limits of this operation: quota q in a window of w seconds.",
        "schema": {"type": "string"},
        "example": '"default-hour";q=50;w=3600, "default-day";q=200;w=86400',
    },
    REMAINING_HEADER: {
        "description": "What remains of them: r requests within the next t seconds.",
        "schema": {"type": "string"},
        "example": '"default-hour";r=49;t=3599, "default-day";r=199;t=86399',
    },
}
