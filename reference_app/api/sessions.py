"""Login, logout and who am I."""

from http import HTTPStatus

from flask import Response

from reference_app.api.authentication import backend, bearer_token, current_principal, current_session
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.json_body import json_response
from reference_app.api.responses import problems
from reference_app.api.shapes.sessions import Credentials, LoginResult, SessionResult
from reference_app.services.authorization import Action

TAG = "Sessions"
login_routes = ApiBlueprint("login", tag=TAG, protected=False, prefix="/api/auth")
session_routes = ApiBlueprint("session", tag=TAG, protected=True, prefix="/api/auth")


@login_routes.post("/login", responses={"200": LoginResult, **problems(401, 503)})
def login(body: Credentials) -> Response:
    """Log in."""
    issued = backend().authentication.login(body.username, body.password)
    return json_response(LoginResult.model_validate(issued))


@session_routes.post("/logout", responses={"204": None})
@requires(Action.MANAGE_OWN_SESSIONS)
def logout() -> tuple[str, HTTPStatus]:
    """End this session at once."""
    backend().authentication.logout(bearer_token())
    return "", HTTPStatus.NO_CONTENT


@session_routes.get("/me", responses={"200": SessionResult})
@requires(Action.READ_OWN_SESSION)
def me() -> Response:
    """Tell who is logged in, and until when."""
    session = current_session()
    return json_response(SessionResult.model_validate({"user": current_principal(), "expires_at": session.expires_at}))
