"""Login, logout, who am I, the user's own sessions and password."""

from http import HTTPStatus

from flask import Response, request

from reference_app.api.authentication import (
    backend,
    current_principal,
    current_session,
    known_session,
    origin,
    work,
)
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.json_body import json_response
from reference_app.api.responses import problems
from reference_app.api.shapes.sessions import (
    Credentials,
    LoginResult,
    OwnSessionList,
    PasswordChange,
    SessionPath,
    SessionResult,
)
from reference_app.services.authentication import LoginAttempt
from reference_app.services.authorization import Action

TAG = "Sessions"
login_routes = ApiBlueprint("login", tag=TAG, protected=False, prefix="/api/auth")
session_routes = ApiBlueprint("session", tag=TAG, protected=True, prefix="/api/auth")


@login_routes.post("/login", responses={"200": LoginResult, **problems(401, 429, 503)})
def login(body: Credentials) -> Response:
    """Log in. A session that the request is sent with ends when the new one begins."""
    user_agent = request.user_agent.string
    attempt = LoginAttempt(body.username, body.password, body.code, origin(), user_agent, known_session())
    issued = backend().authentication.login(attempt)
    return json_response(LoginResult.model_validate(issued))


@session_routes.post("/logout", responses={"204": None})
@requires(Action.MANAGE_OWN_SESSIONS)
def logout() -> tuple[str, HTTPStatus]:
    """End this session at once."""
    with work() as services:
        services.sessions.end(current_principal(), current_session().id)
    return "", HTTPStatus.NO_CONTENT


@session_routes.get("/me", responses={"200": SessionResult})
@requires(Action.READ_OWN_SESSION)
def me() -> Response:
    """Tell who is logged in, and until when."""
    session = current_session()
    return json_response(SessionResult.model_validate({"user": current_principal(), "expires_at": session.expires_at}))


@session_routes.get("/sessions", responses={"200": OwnSessionList})
@requires(Action.MANAGE_OWN_SESSIONS)
def list_own_sessions() -> Response:
    """List the user's own sessions."""
    session = current_session()
    listed = backend().shared.sessions.list_of(session.user_id)
    return json_response(OwnSessionList.model_validate({"items": listed, "current_id": session.id}))


@session_routes.delete("/sessions", responses={"204": None})
@requires(Action.MANAGE_OWN_SESSIONS)
def end_other_sessions() -> tuple[str, HTTPStatus]:
    """End all sessions of the user's own but this one."""
    with work() as services:
        services.sessions.end_others(current_principal(), current_session().id)
    return "", HTTPStatus.NO_CONTENT


@session_routes.delete("/sessions/<session_id>", responses={"204": None})
@requires(Action.MANAGE_OWN_SESSIONS)
def end_own_session(path: SessionPath) -> tuple[str, HTTPStatus]:
    """End one of the user's own sessions, this one or another."""
    with work() as services:
        services.sessions.end(current_principal(), path.session_id)
    return "", HTTPStatus.NO_CONTENT


@session_routes.put("/password", responses={"204": None, **problems(409, 429)})
@requires(Action.CHANGE_OWN_PASSWORD)
def change_password(body: PasswordChange) -> tuple[str, HTTPStatus]:
    """Change the user's own password, and end their other sessions. A wrong present password is 403."""
    backend().authentication.change_password(current_session(), body.current_password, body.new_password, origin())
    return "", HTTPStatus.NO_CONTENT
