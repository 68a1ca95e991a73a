"""What views and error handlers ask about the present request: whose it is, and the services for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from reference_app.api.visit import present_visit
from reference_app.backend import Backend
from reference_app.repositories.session import StoredSession
from reference_app.services.principal import Origin, Principal
from reference_app.work import Work

EXTENSION = "reference_app"


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
    return present_visit().origin


def known_session() -> StoredSession | None:
    """Return the session of this request, None when it has none."""
    return present_visit().session


def current_session() -> StoredSession:
    """Return the session of this request, for views of actions that no API token may do."""
    session = known_session()
    if session is None:
        raise RuntimeError("current_session() is for views whose action the policy keeps from API tokens")
    return session


def known_principal() -> Principal | None:
    """Return the user of this request, None when nobody is known."""
    return present_visit().principal


def current_principal() -> Principal:
    """Return the user of this request, which the admission has let in."""
    principal = known_principal()
    if principal is None:
        raise RuntimeError("current_principal() is for views of protected blueprints")
    return principal
