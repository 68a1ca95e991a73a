"""Who is asking: the bearer token of the request."""

import re

from flask import current_app, g, request

from reference_app.backend import Backend
from reference_app.errors import NotAuthenticatedError
from reference_app.repositories.session import StoredSession
from reference_app.services.principal import Principal

EXTENSION = "reference_app"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def backend() -> Backend:
    """Return the services of the present application."""
    found: Backend = current_app.extensions[EXTENSION]
    return found


def authenticate() -> None:
    """Find the session of this request; `NotAuthenticatedError` without a living one."""
    g.session = backend().authentication.resume(bearer_token())


def bearer_token() -> str:
    """Return the token of the Authorization header, if it has the form of one of ours."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise NotAuthenticatedError("Log in, and send the token as 'Authorization: Bearer TOKEN'.")
    return token


def current_session() -> StoredSession:
    """Return the session that `authenticate` found."""
    session: StoredSession = g.session
    return session


def current_principal() -> Principal:
    """Return the user of this request."""
    session = current_session()
    return Principal(session.user_id, session.username, session.role)
