"""Who is asking: the bearer token of a request, found before its limits count and refused after.

A token is that of a session, which Redis knows, or an API token, which Postgres knows.
"""

import re
from collections.abc import Callable, Sequence

from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reference_app.api.visit import Visit
from reference_app.backend import Backend
from reference_app.errors import NotAuthenticatedError
from reference_app.redis_gate import Command
from reference_app.services.api_tokens import PREFIX
from reference_app.services.principal import Principal
from reference_app.services.sessions import principal_of

MOST_REMEMBERED = 10_000
_LOG_IN = "Log in, and send the token as 'Authorization: Bearer TOKEN'."
_TOKEN = re.compile(rf"({PREFIX})?[A-Za-z0-9_-]{{43}}")

Foresight = Callable[[Visit, int], Sequence[Command]]
"""Says what a part is going to ask Redis about a visit, if it is that user's."""


class Identification:
    """Recognises tokens.

    Whose session a token is never changes, and so is worth remembering, though not whether it lives: for a known
    one, what all parts are going to ask Redis goes out together with the question for the session.
    """

    def __init__(self, backend: Backend, foresights: Sequence[Foresight]) -> None:
        self._backend = backend
        self._sessions = backend.shared.sessions
        self._foresights = foresights
        self._users: dict[str, int] = {}

    def identify(self, visit: Visit) -> None:
        """Note the user, or why there is none: a limit counts by user, and an open route asks for nobody."""
        if visit.authorization is None:
            return
        try:
            token = _bearer_token(visit.authorization)
            if token.startswith(PREFIX):
                self._recognise_program(visit, token)
            else:
                self._resume(visit, self._sessions.id_of(token))
        except (NotAuthenticatedError, RedisError, SQLAlchemyError) as error:
            visit.unknown = error

    def _recognise_program(self, visit: Visit, token: str) -> None:
        with self._backend.work(visit.origin) as services:
            visit.principal = services.api_tokens.recognise(token)

    def _resume(self, visit: Visit, session_id: str) -> None:
        user_id = self._users.get(session_id)
        if user_id is not None:
            self._ask_ahead(visit, session_id, user_id)
        try:
            visit.session = self._sessions.resume(session_id)
        except NotAuthenticatedError:
            self._users.pop(session_id, None)
            raise
        visit.principal = principal_of(visit.session)
        if user_id is None:
            self._remember(session_id, visit.session.user_id)

    def _remember(self, session_id: str, user_id: int) -> None:
        if len(self._users) >= MOST_REMEMBERED:
            self._users.clear()
        self._users[session_id] = user_id

    def _ask_ahead(self, visit: Visit, session_id: str, user_id: int) -> None:
        commands = [self._sessions.use_command(session_id)]
        for foresight in self._foresights:
            commands.extend(foresight(visit, user_id))
        self._backend.redis.ask_ahead(commands)


def require_user(visit: Visit) -> Principal:
    """Return whose visit it is; `NotAuthenticatedError`, or what kept the token from being looked up."""
    if visit.principal is None:
        raise visit.unknown or NotAuthenticatedError(_LOG_IN)
    return visit.principal


def _bearer_token(given: str) -> str:
    """Return the token of an Authorization header, if it has the form of one of ours."""
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise NotAuthenticatedError(_LOG_IN)
    return token
