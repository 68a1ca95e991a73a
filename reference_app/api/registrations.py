"""Requests for an account: anybody asks, admins decide."""

from http import HTTPStatus

from flask import Response, url_for

from reference_app.api.authentication import backend, current_principal, work
from reference_app.api.blueprint import ApiBlueprint, open_to_all, requires
from reference_app.api.cursors import decode_cursor
from reference_app.api.json_body import json_response
from reference_app.api.responses import created, problems
from reference_app.api.shapes.base import page_fields
from reference_app.api.shapes.registrations import (
    Approval,
    NewRegistration,
    PendingResult,
    RegistrationListQuery,
    RegistrationPage,
    RegistrationPath,
    RegistrationResult,
)
from reference_app.api.shapes.users import AccountResult
from reference_app.api.users import NEW_USER_LINKS
from reference_app.services.authorization import Action
from reference_app.services.passwords import check_password

registration_routes = ApiBlueprint("registrations", tag="Registrations", protected=True, prefix="/api/registrations")


@registration_routes.post("", responses={"202": PendingResult, **problems(429, 503)})
@open_to_all
def request_account(body: NewRegistration) -> Response:
    """Ask for an account. The answer is the same whether or not the name is taken."""
    check_password(body.username, body.password, "/password")
    password_hash = backend().shared.passwords.hash(body.password)
    with work() as services:
        services.registrations.ask(body.username, password_hash, body.reason)
    return json_response(PendingResult(), HTTPStatus.ACCEPTED)


@registration_routes.get("", responses={"200": RegistrationPage})
@requires(Action.DECIDE_REGISTRATIONS)
def list_registrations(query: RegistrationListQuery) -> Response:
    """List requests, oldest first."""
    with work() as services:
        page = services.registrations.list_page(query.status, query.limit, decode_cursor(query.cursor))
    return json_response(RegistrationPage.model_validate(page_fields(page)))


@registration_routes.post(
    "/<registration_id>/approval", responses={**created("AccountResult", NEW_USER_LINKS), **problems(409)}
)
@requires(Action.DECIDE_REGISTRATIONS)
def approve_registration(path: RegistrationPath, body: Approval) -> Response:
    """Make the account that was asked for."""
    with work() as services:
        account = services.registrations.approve(current_principal(), path.registration_id, body.role)
    location = url_for("users.read_user", user_id=account.id)
    return json_response(AccountResult.model_validate(account), HTTPStatus.CREATED, location)


@registration_routes.post("/<registration_id>/rejection", responses={"200": RegistrationResult, **problems(409)})
@requires(Action.DECIDE_REGISTRATIONS)
def reject_registration(path: RegistrationPath) -> Response:
    """Turn the request down."""
    with work() as services:
        request = services.registrations.reject(current_principal(), path.registration_id)
    return json_response(RegistrationResult.model_validate(request))
