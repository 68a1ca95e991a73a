"""Who is asking: the bearer token of the request, found before its limits count and refused after.

A token is that of a session, which Redis knows, or an API token, which Postgres knows.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reference_app.api.observation import request_id
from reference_app.backend import Backend
from reference_app.errors import NotAuthenticatedError
from reference_app.redis_gate import Command
from reference_app.repositories.session import StoredSession
from reference_app.services.api_tokens import PREFIX
from reference_app.services.principal import Origin, Principal
from reference_app.services.sessions import principal_of
from reference_app.work import Work

EXTENSION = "reference_app"
MOST_REMEMBERED = 10_000
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
    return Origin(request.remote_addr, request_id())


Foresight = Callable[[int], Sequence[Command]]
"""Says what a part is going to ask Redis about the present request, if it is that user's."""


def identify_requests(app: Flask, backend: Backend, foresights: Sequence[Foresight]) -> None:
    """Find out, before anything else decides about a request, whose it is."""
    app.before_request(_Identification(backend, foresights).identify)


class _Identification:
    """Recognises tokens.

    Whose session a token is never changes, and so is worth remembering, though not whether it lives: for a known
    one, what all parts are going to ask Redis goes out together with the question for the session.
    """

    def __init__(self, backend: Backend, foresights: Sequence[Foresight]) -> None:
        self._backend = backend
        self._sessions = backend.shared.sessions
        self._foresights = foresights
        self._users: dict[str, int] = {}

    def identify(self) -> None:
        """Note the user, or why there is none: a limit counts by user, and an open route asks for nobody."""
        g.principal, g.session, g.unknown = None, None, None
        if "HTTP_AUTHORIZATION" not in request.environ:
            return
        try:
            token = bearer_token()
            if token.startswith(PREFIX):
                self._recognise_program(token)
            else:
                self._resume(self._sessions.id_of(token))
        except (NotAuthenticatedError, RedisError, SQLAlchemyError) as error:
            g.unknown = error

    def _recognise_program(self, token: str) -> None:
        with work() as services:
            g.principal = services.api_tokens.recognise(token)

    def _resume(self, session_id: str) -> None:
        self._ask_ahead(session_id, self._users.pop(session_id, None))
        g.session = self._sessions.resume(session_id)
        g.principal = principal_of(g.session)
        if len(self._users) >= MOST_REMEMBERED:
            self._users.clear()
        self._users[session_id] = g.session.user_id

    def _ask_ahead(self, session_id: str, user_id: int | None) -> None:
        commands: list[Command] = []
        if user_id is not None:
            commands.append(self._sessions.use_command(session_id))
            for foresight in self._foresights:
                commands.extend(foresight(user_id))
        self._backend.redis.ask_ahead(commands)


def authenticate() -> None:
    """Refuse a request of nobody: `NotAuthenticatedError`, or what kept the token from being looked up."""
    if g.principal is None:
        raise g.unknown or NotAuthenticatedError("Log in, and send the token as 'Authorization: Bearer TOKEN'.")


def bearer_token() -> str:
    """Return the token of the Authorization header, if it has the form of one of ours."""
    given: str = request.environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = given.partition(" ")
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
