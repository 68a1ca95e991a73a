"""API tokens of the user's own."""

from http import HTTPStatus

from flask import Response, url_for

from reference_app.api.authentication import current_principal, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cursors import decode_cursor
from reference_app.api.json_body import json_response
from reference_app.api.responses import created
from reference_app.api.shapes.base import PageQuery, page_fields
from reference_app.api.shapes.tokens import IssuedTokenResult, NewToken, TokenPage, TokenPath, TokenResult
from reference_app.services.authorization import Action

token_routes = ApiBlueprint("tokens", tag="API tokens", protected=True, prefix="/api/tokens")
token_routes.describe(IssuedTokenResult)

_NEW_TOKEN = dict.fromkeys(["token_id"], "$response.body#/id")
_LINKS = {"revoke_token": {"operationId": "revoke_token", "parameters": _NEW_TOKEN}}


@token_routes.get("", responses={"200": TokenPage})
@requires(Action.MANAGE_OWN_TOKENS)
def list_tokens(query: PageQuery) -> Response:
    """List the user's own tokens, newest first, expired ones included."""
    with work() as services:
        page = services.api_tokens.list_page(current_principal(), query.limit, decode_cursor(query.cursor))
    return json_response(TokenPage.model_validate(page_fields(page)))


@token_routes.post("", responses=created("IssuedTokenResult", _LINKS))
@requires(Action.MANAGE_OWN_TOKENS)
def issue_token(body: NewToken) -> Response:
    """Make a token of the user's own. The answer is the only place where it is told."""
    with work() as services:
        issued = services.api_tokens.issue(current_principal(), body.name, body.scopes, body.expires_in_days)
    shown = TokenResult.model_validate(issued.stored).model_dump()
    result = IssuedTokenResult(token=issued.token, **shown)
    return json_response(result, HTTPStatus.CREATED, url_for("tokens.list_tokens"))


@token_routes.delete("/<token_id>", responses={"204": None})
@requires(Action.MANAGE_OWN_TOKENS)
def revoke_token(path: TokenPath) -> tuple[str, HTTPStatus]:
    """Revoke a token at once; only its owner and admins may."""
    with work() as services:
        services.api_tokens.revoke(current_principal(), path.token_id)
    return "", HTTPStatus.NO_CONTENT
