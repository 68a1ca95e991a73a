"""The user's own second factor: codes of an authenticator app."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from flask import Response

from reference_app.api.authentication import backend, current_principal, origin, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.json_body import json_response
from reference_app.api.responses import problems
from reference_app.api.shapes.second_factor import CodeBody, EnrolmentResult
from reference_app.services.authorization import Action
from reference_app.services.second_factor import SecondFactorService

second_factor_routes = ApiBlueprint("second_factor", tag="Second factor", protected=True, prefix="/api/auth/totp")


@second_factor_routes.post("", responses={"200": EnrolmentResult, **problems(409)})
@requires(Action.MANAGE_OWN_SECOND_FACTOR)
def begin_second_factor() -> Response:
    """Make a secret for an authenticator app. Nothing asks for its codes until one has confirmed it."""
    with work() as services:
        enrolment = services.second_factor.begin(current_principal())
    return json_response(EnrolmentResult.model_validate(enrolment))


@second_factor_routes.post("/confirmation", responses={"204": None, **problems(409, 429)})
@requires(Action.MANAGE_OWN_SECOND_FACTOR)
def confirm_second_factor(body: CodeBody) -> tuple[str, HTTPStatus]:
    """Turn the second factor on: from now on a login needs a code. A wrong code is 403."""
    with _guarded() as second_factor:
        second_factor.confirm(current_principal(), body.code)
    return "", HTTPStatus.NO_CONTENT


@second_factor_routes.post("/removal", responses={"204": None, **problems(409, 429)})
@requires(Action.MANAGE_OWN_SECOND_FACTOR)
def remove_second_factor(body: CodeBody) -> tuple[str, HTTPStatus]:
    """Turn the second factor off. A wrong code, or one that was used already, is 403."""
    with _guarded() as second_factor:
        second_factor.remove(current_principal(), body.code)
    return "", HTTPStatus.NO_CONTENT


@contextmanager
def _guarded() -> Iterator[SecondFactorService]:
    """Give the service of one transaction; wrong codes count like wrong passwords."""
    with backend().throttle.guard(current_principal().username, origin().address), work() as services:
        yield services.second_factor
