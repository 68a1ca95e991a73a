"""Who is asking: the bearer token of the request, found before its limits count and refused after.

A token is that of a session, which Redis knows, or an API token, which Postgres knows.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reference_app.backend import Backend, Work
from reference_app.errors import NotAuthenticatedError
from reference_app.repositories.session import StoredSession
from reference_app.services.api_tokens import PREFIX
from reference_app.services.principal import Origin, Principal
from reference_app.services.sessions import principal_of

EXTENSION = "reference_app"
_TOKEN = re.compile(rf"({PREFIX})?[A-Za-z0-9_-]{{43}}")


def backend() -> Backend:
    """Return the services of the present application."""
    found: Backend = current_app.extensions[EXTENSION]
    return found


@contextmanager
def work() -> Iterator[Work]:
    """Give the services of one transaction, which know where the request came from."""
    with backend().work(origin()) as services:
        yield services


def origin() -> Origin:
    """Return where this request came from."""
    return Origin(request.remote_addr, g.request_id)


def identify_requests(app: Flask) -> None:
    """Find out, before anything else decides about a request, whose it is."""
    app.before_request(_identify)


def _identify() -> None:
    """Note the user, or why there is none: a limit counts by user, and an open route asks for nobody."""
    g.principal, g.session, g.unknown = None, None, None
    if "Authorization" not in request.headers:
        return
    try:
        _recognise(bearer_token())
    except (NotAuthenticatedError, RedisError, SQLAlchemyError) as error:
        g.unknown = error


def _recognise(token: str) -> None:
    if token.startswith(PREFIX):
        with work() as services:
            g.principal = services.api_tokens.recognise(token)
    else:
        g.session = backend().shared.sessions.resume(token)
        g.principal = principal_of(g.session)


def authenticate() -> None:
    """Refuse a request of nobody: `NotAuthenticatedError`, or what kept the token from being looked up."""
    if g.principal is None:
        raise g.unknown or NotAuthenticatedError("Log in, and send the token as 'Authorization: Bearer TOKEN'.")


def bearer_token() -> str:
    """Return the token of the Authorization header, if it has the form of one of ours."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise NotAuthenticatedError("Log in, and send the token as 'Authorization: Bearer TOKEN'.")
    return token


def known_session() -> StoredSession | None:
    """Return the session of this request, None when it has none."""
    session: StoredSession | None = g.session
    return session


def current_session() -> StoredSession:
    """Return the session of this request, for views of actions that no API token may do."""
    session = known_session()
    if session is None:
        raise RuntimeError("current_session() is for views whose action the policy keeps from API tokens")
    return session


def known_principal() -> Principal | None:
    """Return the user of this request, None when nobody is known."""
    principal: Principal | None = g.principal
    return principal


def current_principal() -> Principal:
    """Return the user of this request, which `authenticate` has let in."""
    principal = known_principal()
    if principal is None:
        raise RuntimeError("current_principal() is for views of protected blueprints")
    return principal
