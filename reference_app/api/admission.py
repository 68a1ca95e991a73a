"""The way in, below Flask: who asks, how often, whether they may; and at once the answer, where it is kept.

So is a pipeline that is asked for by its id, kept or not: that is what most requests are, and there is nothing else to
read in them. Flask gets the requests that are left, each with what was found out about it (`api/visit.py`). It also has
the words for what is refused: an error is noted on the visit, and raised where Flask's handlers see it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import HTTPException

from reference_app.api.added_headers import adding
from reference_app.api.cached import KEYS, make_pipeline, tell
from reference_app.api.identification import Identification, require_user
from reference_app.api.rate_limits import RouteLimiter
from reference_app.api.request_size import has_body
from reference_app.api.visit import NO_TERMS, VISIT, Terms, Visit, present_visit, visit_of
from reference_app.backend import Backend
from reference_app.cache.interface import Answer, Fill, Made
from reference_app.redis_gate import Command
from reference_app.services.authorization import authorize_function

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READING = frozenset({"GET", "HEAD"})
Check = Callable[["WSGIEnvironment", Visit], None]
"""Raises what a visit is refused with before anybody asks whose it is."""


def admit_requests(app: Flask, backend: Backend, limiter: RouteLimiter, checks: Sequence[Check]) -> None:
    """Let all of `app`'s requests come in this way."""
    app.wsgi_app = _Admission(app, backend, limiter, checks)  # type: ignore[method-assign]
    app.before_request(_raise_refusal)


class _Admission:
    """Decides about requests, and answers those that need nothing of Flask's.

    All that has to be asked of Redis goes out in one round trip, when the session has been seen before.
    """

    def __init__(self, app: Flask, backend: Backend, limiter: RouteLimiter, checks: Sequence[Check]) -> None:
        self._flask: WSGIApplication = app.wsgi_app
        self._doors = _Doors(app, limiter)
        self._redis = backend.redis
        self._looking = backend.looking
        self._cache = backend.cache
        self._limiter = limiter
        self._checks = checks
        self._identification = Identification(backend, [limiter.foresee, self._foresee_cache])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        visit = environ[VISIT] = self._doors.receive(environ)
        try:
            self._admit(environ, visit)
            answer = self._answer(environ, visit)
        except Exception as error:  # noqa: BLE001 - whatever it is, Flask's handlers have the words for it
            visit.refusal, answer = error, None
        if visit.standing is not None:
            start_response = adding(visit.standing.headers(), start_response)
        return self._flask(environ, start_response) if answer is None else tell(visit, answer, start_response)

    def _admit(self, environ: "WSGIEnvironment", visit: Visit) -> None:
        """Ask Redis all that has to be asked; raise what the visit is refused with."""
        try:
            self._decide(environ, visit)
        finally:
            self._redis.forget_ahead()

    def _decide(self, environ: "WSGIEnvironment", visit: Visit) -> None:
        for check in self._checks:
            check(environ, visit)
        self._identification.identify(visit)
        self._limiter.count(visit)
        if visit.terms.action is not None and visit.method != "OPTIONS":  # Flask answers that with Allow, for anybody
            authorize_function(require_user(visit), visit.terms.action)
        if visit.key is not None:
            visit.sight = self._cache.look(visit.key)

    def _answer(self, environ: "WSGIEnvironment", visit: Visit) -> Answer | None:
        """Return the answer, where it takes nothing of Flask's side."""
        key = visit.key
        if key is None or has_body(environ):  # whose size has a limit, which Flask's side knows
            return None
        if key.pipeline_id is not None:
            return self._cache.answer(key, self._maker_of(key.pipeline_id), visit.sight)
        return self._cache.kept(key, visit.sight) if visit.sight else None

    def _maker_of(self, pipeline_id: int) -> Fill:
        def fill(statement_timeout_s: float | None) -> Made:
            with self._looking(statement_timeout_s) as look:
                return make_pipeline(look, pipeline_id)

        return fill

    def _foresee_cache(self, visit: Visit, _user_id: int) -> Sequence[Command]:
        return self._cache.foresee(visit.key) if visit.key else ()


class _Doors:
    """Finds the route of a request, and the terms of that route."""

    def __init__(self, app: Flask, limiter: RouteLimiter) -> None:
        self._app = app
        self._limiter = limiter
        self._urls = app.url_map.bind("")
        self._terms: dict[str, Terms] = {}

    def receive(self, environ: "WSGIEnvironment") -> Visit:
        """Return a visit that has all that can be known without asking anybody."""
        visit = visit_of(environ)
        try:
            visit.rule, visit.arguments = self._urls.match(visit.path, visit.method, return_rule=True)
        except HTTPException:
            return visit  # Flask looks again, and says what is wrong with it
        visit.terms = self._terms_of(visit.rule.endpoint)
        if visit.terms.find_key is not None and visit.method in READING:
            visit.key = visit.terms.find_key(visit)
        return visit

    def _terms_of(self, endpoint: str) -> Terms:
        terms = self._terms.get(endpoint, NO_TERMS)
        if terms is NO_TERMS:
            action = getattr(self._app.view_functions[endpoint], "action", None)
            terms = self._terms[endpoint] = Terms(
                action, self._limiter.plan_of(self._app, endpoint), KEYS.get(endpoint)
            )
        return terms


def _raise_refusal() -> None:
    refusal = present_visit().refusal
    if refusal is not None:
        raise refusal
