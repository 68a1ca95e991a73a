"""Every failure in one shape: RFC 9457 `application/problem+json`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, NoReturn

import structlog
from flask import Flask, Response, got_request_exception
from pydantic import BaseModel, ConfigDict, ValidationError
from redis import RedisError
from werkzeug.exceptions import HTTPException

from reference_app import errors
from reference_app.api.denials import record_denial
from reference_app.api.observation import request_id
from reference_app.database import UNAVAILABLE
from reference_app.metrics import Metrics

MEDIA_TYPE = "application/problem+json"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="reference-app"'}
STATUSES: Mapping[type[errors.AppError], HTTPStatus] = {
    errors.NotAuthenticatedError: HTTPStatus.UNAUTHORIZED,
    errors.WrongCredentialsError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
    errors.PreconditionRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    errors.MissingKeyError: HTTPStatus.BAD_REQUEST,
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyAttemptsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}

DENIALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}

_log = structlog.get_logger("reference_app.problems")


class ViolationResult(BaseModel):
    """One place in the request that breaks a rule."""

    model_config = ConfigDict(populate_by_name=True)

    part: Literal["path", "query", "header", "body"]
    pointer: str
    """A JSON pointer (RFC 6901) inside that part; empty for all of it."""
    detail: str


class Problem(BaseModel):
    """What went wrong. `type` is always about:blank: the status says what kind of problem it is."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[ViolationResult] | None = None


def problem(
    status: int,
    detail: str,
    violations: Iterable[errors.Violation] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem response for the present request."""
    return Response(problem_text(status, detail, request_id(), violations), status, headers, mimetype=MEDIA_TYPE)


def problem_text(status: int, detail: str, identity: str, violations: Iterable[errors.Violation] = ()) -> str:
    """Return a problem of the request with this id as JSON; `errors` is there only when something is listed."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": identity,
    }
    listed = [vars(violation) for violation in violations]
    if listed:
        body["errors"] = listed
    return json.dumps(body)


def refuse_invalid(error: ValidationError) -> NoReturn:
    """Turn pydantic's complaint into ours."""
    part = error.title if error.title in {"path", "query", "header"} else "body"
    listed = error.errors(include_url=False, include_input=False, include_context=False)
    raise errors.InvalidInputError(
        [
            errors.Violation(part, pointer_to(item["loc"]), item["msg"].removeprefix("Value error, "))  # type: ignore[arg-type]
            for item in listed
        ]
    ) from None


def pointer_to(location: Sequence[str | int]) -> str:
    """Return the JSON pointer to `location`; lone surrogates become question marks."""
    parts = (str(part).encode("utf-8", "replace").decode() for part in location)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def handle_problems(app: Flask, metrics: Metrics, retry_after_s: int) -> None:
    """Answer every error of `app` with a problem."""

    def unavailable(error: Exception) -> Response:
        _log.warning("dependency_unavailable", error=type(error).__name__)
        headers = {"Retry-After": str(retry_after_s)}
        return problem(503, "A service this application needs does not answer. Try again later.", headers=headers)

    def unexpected(error: Exception) -> Response:
        metrics.count_error(error)
        _log.error("unexpected_error", exc_info=error)
        got_request_exception.send(app, exception=error)  # Flask does so only for what has no handler
        return problem(500, "Something went wrong here. The request id names it in the log.")

    def expected(error: errors.AppError) -> Response:
        if STATUSES[type(error)] in DENIALS or (isinstance(error, errors.TooManyAttemptsError) and error.is_news):
            record_denial(error)
        return _app_error(error, retry_after_s)

    app.register_error_handler(errors.AppError, expected)
    app.register_error_handler(HTTPException, _http_error)
    for kind in (*UNAVAILABLE, RedisError):
        app.register_error_handler(kind, unavailable)
    app.register_error_handler(Exception, unexpected)


def _app_error(error: errors.AppError, retry_after_s: int) -> Response:
    status = STATUSES[type(error)]
    violations = error.violations if isinstance(error, errors.InvalidInputError) else ()
    return problem(status, str(error), violations, _headers_for(error, status, retry_after_s))


def _headers_for(error: errors.AppError, status: HTTPStatus, retry_after_s: int) -> Mapping[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return CHALLENGE
    if isinstance(error, errors.TooManyAttemptsError):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.UnavailableError):
        return {"Retry-After": str(retry_after_s)}
    return {}


def _http_error(error: HTTPException) -> HTTPException | Response:
    """Keep the status and headers that routing chose (Allow, Location), and replace the HTML."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    kept = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return problem(error.code, error.description or HTTPStatus(error.code).phrase, headers=kept)
