"""Rate limits by route and user, and the headers that tell clients where they stand.

The headers are those of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers):
`RateLimit-Policy` lists the quotas (q) and windows (w, seconds), `RateLimit` what remains (r) and for how long (t).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import ExemptionScope, Limiter
from flask_limiter._extension import LimiterContext
from flask_limiter.util import get_qualified_name
from limits import RateLimitItem

from reference_app.api.authentication import known_principal
from reference_app.errors import TooManyAttemptsError
from reference_app.limit_storage import Count, LimitStorage, Window, hit_command
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

POLICY_HEADER = "RateLimit-Policy"
REMAINING_HEADER = "RateLimit"


@dataclass(frozen=True)
class _Policy:
    """One limit of a route, under the name that clients see."""

    name: str
    most: int
    length_s: int


@dataclass(frozen=True)
class _Plan:
    """All limits of a route, and the header that lists them."""

    policies: tuple[_Policy, ...]
    header: str


class RouteLimiter(Limiter):
    """Flask-Limiter, which knows the limits of each route, with a check of its own.

    Flask-Limiter's check reads the texts of the limits again, and asks the storage limit by limit, at every
    request; this one reads them once for each route, and asks once for each request.
    """

    def __init__(self, settings: Settings, gate: RedisGate, metrics: Metrics) -> None:
        options: dict[str, Any] = {"gate": gate, "metrics": metrics}
        super().__init__(
            _client,
            default_limits=[settings.ratelimit_default],
            storage_uri="gate://",
            storage_options=options,
        )
        self._settings = settings
        self._metrics = metrics
        self._plans: dict[str, _Plan | None] = {}
        self._unused = LimiterContext()

    @property
    def context(self) -> LimiterContext:
        """Return what Flask-Limiter's own hooks read at every request, and nothing is written to here."""
        return self._unused

    def limit_routes(self, app: Flask) -> None:
        """Apply the limits to the routes that `app` has by now."""
        self.init_app(app)
        for name in UNLIMITED_BLUEPRINTS & app.blueprints.keys():
            self.limit_manager.add_blueprint_exemption(name, ExemptionScope.DEFAULT)
        for endpoint in UNLIMITED_ENDPOINTS:
            self.exempt(app.view_functions[endpoint])
        for endpoint in OWN_LIMITS.keys() & app.view_functions.keys():
            view: Callable[..., Any] = app.view_functions[endpoint]
            app.view_functions[endpoint] = self.limit(getattr(self._settings, OWN_LIMITS[endpoint]))(view)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - their signature
        """Count this request; `TooManyAttemptsError` when it is one too many."""
        endpoint = request.endpoint
        if not in_middleware or endpoint is None:
            return
        if endpoint not in self._plans:
            self._plans[endpoint] = self._make_plan(endpoint)
        plan = self._plans[endpoint]
        if plan is not None:
            self._count(endpoint, plan)

    def foresee(self, user_id: int) -> Sequence[Command]:
        """Return what the check is going to ask Redis, if the request is that user's."""
        endpoint = request.endpoint or ""
        plan = self._plans.get(endpoint)
        return [hit_command(_windows(endpoint, _user(user_id), plan))] if plan else ()

    def _count(self, endpoint: str, plan: _Plan) -> None:
        storage = self.storage
        if not isinstance(storage, LimitStorage):
            raise TypeError("limit_routes() comes first")
        g.rate_limit = plan, storage.hit(_windows(endpoint, _client(), plan))
        waits_s = [
            count.left_s for each, count in zip(plan.policies, g.rate_limit[1], strict=True) if count.number > each.most
        ]
        if waits_s:
            self._metrics.count_refusal(endpoint)
            raise TooManyAttemptsError("There were too many requests. Try again later.", math.ceil(max(waits_s)))

    def _make_plan(self, endpoint: str) -> _Plan | None:
        name = get_qualified_name(current_app.view_functions[endpoint])
        defaults, own = self.limit_manager.resolve_limits(current_app, endpoint, request.blueprint, name)
        source = OWN_LIMITS.get(endpoint, "ratelimit_default").removeprefix("ratelimit_")
        policies = tuple(_policy(source, each.limit) for each in sorted([*defaults, *own], key=lambda each: each.limit))
        header = ", ".join(f'"{each.name}";q={each.most};w={each.length_s}' for each in policies)
        return _Plan(policies, header) if policies else None


def add_rate_limits(app: Flask, limiter: RouteLimiter) -> None:
    """Limit `app`'s routes; comes after whatever finds out whose a request is, and after all routes."""
    limiter.limit_routes(app)
    app.after_request(_write_headers)


def describe_rate_limits(document: dict[str, Any]) -> None:
    """Add the headers to all answers of limited operations in the API document `document`."""
    for operation in _operations(document):
        if "429" in operation["responses"]:
            for response in operation["responses"].values():
                response.setdefault("headers", {}).update(_DOCUMENTED)


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _write_headers(response: Response) -> Response:
    counted: tuple[_Plan, list[Count]] | None = g.get("rate_limit")
    if counted is not None:
        plan, counts = counted
        response.headers[POLICY_HEADER] = plan.header
        response.headers[REMAINING_HEADER] = ", ".join(
            f'"{each.name}";r={max(0, each.most - count.number)};t={math.ceil(count.left_s)}'
            for each, count in zip(plan.policies, counts, strict=True)
        )
    return response


def _client() -> str:
    principal = known_principal()
    return _user(principal.user_id) if principal else f"address:{request.remote_addr}"


def _user(user_id: int) -> str:
    return f"user:{user_id}"


def _windows(endpoint: str, client: str, plan: _Plan) -> list[Window]:
    return [Window(f"{endpoint}:{client}:{each.name}", each.most, each.length_s) for each in plan.policies]


def _policy(source: str, limit: RateLimitItem) -> _Policy:
    unit = limit.GRANULARITY.name
    length = unit if limit.multiples == 1 else f"{limit.multiples}-{unit}s"
    return _Policy(f"{source}-{length}", limit.amount, limit.get_expiry())


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
