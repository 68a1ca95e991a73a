"""What is known of a request before Flask sees it: each part of the admission fills in what it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.routing import Rule

from reference_app.api.limit_plans import Plan, Standing
from reference_app.cache.interface import CacheKey, Sight
from reference_app.repositories.session import StoredSession
from reference_app.services.authorization import Action
from reference_app.services.principal import Origin, Principal
from reference_app.structured_logging import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

VISIT = "reference_app.visit"
"""Where the WSGI environment has the visit."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a view may be asked."""

    action: Action | None = None
    """What it does, for the policy; None where it is open to all."""
    plan: Plan | None = None
    """How often."""
    find_key: "Callable[[Visit], CacheKey | None] | None" = None
    """Says where its answer is kept; None for views whose answers are not."""


NO_TERMS = Terms()


@dataclass(slots=True)
class Visit:
    """One request on its way in.

    It does not hold the WSGI environment, which holds it: such a circle is garbage that somebody has to look for.
    """

    method: str
    path: str
    query: str
    """As it was sent."""
    origin: Origin
    authorization: str | None
    condition: str | None
    """What the headers Authorization and If-None-Match say."""
    rule: Rule | None = None
    """None where no route has this path and method; Flask finds out which of the two it was."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """The variable parts of the path."""
    terms: Terms = NO_TERMS

    principal: Principal | None = None
    session: StoredSession | None = None
    unknown: Exception | None = None
    """Why the token that was sent says nothing."""
    standing: Standing | None = None
    """Where the user, or the address, stands in the limits of the route."""
    key: CacheKey | None = None
    sight: Sight | None = None
    """Where the answer may be kept, and what was there."""
    refusal: Exception | None = None
    """Why the request must not reach its view."""


def visit_of(environ: "WSGIEnvironment") -> Visit:
    """Return what the request itself says."""
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    return Visit(
        method=environ["REQUEST_METHOD"].upper(),
        path="/" + path.lstrip("/"),
        query=environ.get("QUERY_STRING", ""),
        origin=Origin(environ.get("REMOTE_ADDR"), environ[REQUEST_ID]),
        authorization=environ.get("HTTP_AUTHORIZATION"),
        condition=environ.get("HTTP_IF_NONE_MATCH"),
    )


def present_visit() -> Visit:
    """Return the visit of the present request."""
    found: Visit = request.environ[VISIT]
    return found
