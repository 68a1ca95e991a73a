"""API tokens: for programs, which have no password to log in with."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reference_app.errors import InvalidInputError, NotAuthenticatedError, NotFoundError, Violation
from reference_app.models import ApiToken, Scope
from reference_app.repositories.api_token import ApiTokenRepository
from reference_app.repositories.base import Page
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.authorization import Action, authorize_object
from reference_app.services.clock import Clock, utc_now
from reference_app.services.principal import Principal
from reference_app.services.secret_key import SecretKey

PREFIX = "pgt_"
"""Says what it is to people, and to scanners that look for secrets."""
TOKEN_BYTES = 32
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class IssuedToken:
    """A new token: its text exists nowhere else."""

    token: str
    stored: ApiToken


class ApiTokenService:
    """Tokens inside one transaction. At rest each is a keyed hash of its 256 random bits."""

    def __init__(
        self, tokens: ApiTokenRepository, key: SecretKey, longest_days: int, audit: AuditTrail, now: Clock = utc_now
    ) -> None:
        self._tokens = tokens
        self._key = key
        self._longest_days = longest_days
        self._audit = audit
        self._now = now

    def issue(self, principal: Principal, name: str, scopes: Sequence[Scope], expires_in_days: int) -> IssuedToken:
        """Make a token of the user's own; `InvalidInputError` when it would live longer than is allowed."""
        if expires_in_days > self._longest_days:
            detail = f"Here a token lives {self._longest_days} days at most"
            raise InvalidInputError([Violation("body", "/expires_in_days", detail)])
        token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        stored = self._tokens.add(
            ApiToken(
                owner_id=principal.user_id,
                name=name,
                token_hash=self._hash(token),
                scopes=sorted(scopes),
                expires_at=self._now() + timedelta(days=expires_in_days),
            )
        )
        self._audit.done(principal, "token.issued", Subject("token", stored.id), scopes=stored.scopes)
        return IssuedToken(token, stored)

    def list_page(self, principal: Principal, limit: int, after: int | None = None) -> Page[ApiToken]:
        """Return one page of the user's own tokens, newest first, expired ones included."""
        return self._tokens.list_page(principal.user_id, limit, after)

    def revoke(self, principal: Principal, identity: int) -> None:
        """Delete a token, which is dead at once; raises `NotFoundError` or `ForbiddenError`."""
        token = self._tokens.get(identity)
        if token is None:
            raise NotFoundError("token", identity)
        authorize_object(principal, Action.MANAGE_OWN_TOKENS, token.owner_id)
        self._tokens.delete(token)
        self._audit.done(principal, "token.revoked", Subject("token", identity), owner_id=token.owner_id)

    def recognise(self, token: str) -> Principal:
        """Return the owner with the token's scopes; `NotAuthenticatedError` when it is not, or no longer, good."""
        now = self._now()
        stored = self._tokens.find_by_hash(self._hash(token))
        if stored is None or stored.expires_at <= now or not stored.owner.active:
            raise NotAuthenticatedError("The token is unknown, was revoked, or has expired.")
        if stored.last_used_at is None or stored.last_used_at <= now - USE_IS_NOTED_EVERY:
            self._tokens.note_use(stored.id, now, USE_IS_NOTED_EVERY)
        owner = stored.owner
        return Principal(owner.id, owner.username, owner.role, frozenset(map(Scope, stored.scopes)))

    def _hash(self, token: str) -> str:
        return self._key.fingerprint("api-token", token)
