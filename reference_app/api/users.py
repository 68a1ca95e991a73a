"""User accounts and their sessions, for admins."""

from http import HTTPStatus

from flask import Response

from reference_app.api.authentication import backend, current_principal, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cursors import decode_cursor
from reference_app.api.json_body import json_response
from reference_app.api.responses import problems
from reference_app.api.shapes.base import PageQuery, page_fields
from reference_app.api.shapes.sessions import SessionList
from reference_app.api.shapes.users import AccountPage, AccountResult, UserChanges, UserPath
from reference_app.services.authorization import Action

user_routes = ApiBlueprint("users", tag="Users", protected=True, prefix="/api/users")

NEW_USER_LINKS = {
    name: {"operationId": name, "parameters": {"user_id": "$response.body#/id"}}
    for name in ("read_user", "update_user", "list_sessions_of_user", "end_sessions_of_user")
}


@user_routes.get("", responses={"200": AccountPage})
@requires(Action.MANAGE_USERS)
def list_users(query: PageQuery) -> Response:
    """List users, oldest first."""
    with work() as services:
        page = services.accounts.list_page(query.limit, decode_cursor(query.cursor))
    return json_response(AccountPage.model_validate(page_fields(page)))


@user_routes.get("/<user_id>", responses={"200": AccountResult})
@requires(Action.MANAGE_USERS)
def read_user(path: UserPath) -> Response:
    """Read one user."""
    with work() as services:
        account = services.accounts.get(path.user_id)
    return json_response(AccountResult.model_validate(account))


@user_routes.patch("/<user_id>", responses={"200": AccountResult, **problems(409)})
@requires(Action.MANAGE_USERS)
def update_user(path: UserPath, body: UserChanges) -> Response:
    """Change another user's role, or whether they are active; either ends all their sessions."""
    changes = body.model_dump(exclude_unset=True)
    with work() as services:
        account = services.accounts.update(current_principal(), path.user_id, changes)
    return json_response(AccountResult.model_validate(account))


@user_routes.get("/<user_id>/sessions", responses={"200": SessionList})
@requires(Action.MANAGE_USERS)
def list_sessions_of_user(path: UserPath) -> Response:
    """List a user's sessions."""
    with work() as services:
        user_id = services.accounts.get(path.user_id).id
    listed = backend().shared.sessions.list_of(user_id)
    return json_response(SessionList.model_validate({"items": listed}))


@user_routes.delete("/<user_id>/sessions", responses={"204": None})
@requires(Action.MANAGE_USERS)
def end_sessions_of_user(path: UserPath) -> tuple[str, HTTPStatus]:
    """End all sessions of a user at once."""
    with work() as services:
        user_id = services.accounts.get(path.user_id).id
        services.sessions.end_all_of(current_principal(), user_id)
    return "", HTTPStatus.NO_CONTENT
