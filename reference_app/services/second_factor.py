"""The second factor: codes of an authenticator app (TOTP, RFC 6238), optional for every user."""

import base64
import hmac
import secrets
from dataclasses import dataclass

import pyotp

from reference_app.errors import ConflictError, ForbiddenError
from reference_app.models import Admin
from reference_app.repositories.admin import AdminRepository
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.clock import Clock, utc_now
from reference_app.services.principal import Principal
from reference_app.services.secret_key import SecretKey

ISSUER = "Reference app"
STEP_S = 30
WINDOW = 1
"""How many steps a clock may be wrong by, either way (RFC 6238, section 5.2)."""
NONCE_BYTES = 24


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs: the secret, also as the URI that a QR code shows."""

    secret: str
    uri: str


class OneTimeCodes:
    """Secrets and codes. A secret is derived from the application's key: the database alone has none."""

    def __init__(self, key: SecretKey, now: Clock = utc_now) -> None:
        self._key = key
        self._now = now

    def enrolment(self, account: Admin) -> Enrolment:
        """Return what the user's app needs for the account's present nonce."""
        totp = self._totp(account)
        return Enrolment(totp.secret, totp.provisioning_uri(name=account.username, issuer_name=ISSUER))

    def accepted_step(self, account: Admin, code: str | None) -> int | None:
        """Return the time step that `code` is of; None when it is of none that is near and not used yet."""
        totp, present = self._totp(account), int(self._now().timestamp()) // STEP_S
        last = account.totp_last_step or 0
        near = range(present - WINDOW, present + WINDOW + 1)
        fits = [step for step in near if hmac.compare_digest(totp.generate_otp(step), code or "") and step > last]
        return max(fits, default=None)

    def _totp(self, account: Admin) -> pyotp.TOTP:
        secret = base64.b32encode(self._key.derive("totp", account.totp_nonce or "")).decode().rstrip("=")
        return pyotp.TOTP(secret, interval=STEP_S)


class SecondFactorService:
    """Turns a user's second factor on and off, inside one transaction."""

    def __init__(self, accounts: AdminRepository, codes: OneTimeCodes, audit: AuditTrail) -> None:
        self._accounts = accounts
        self._codes = codes
        self._audit = audit

    def begin(self, principal: Principal) -> Enrolment:
        """Make a new secret, which is not asked for until it is confirmed; `ConflictError` once one is."""
        account = self._accounts.lock_one(principal.user_id)
        if account.has_second_factor:
            raise ConflictError("The second factor is on; turn it off first.")
        account.totp_nonce = secrets.token_urlsafe(NONCE_BYTES)
        self._record(principal, "second_factor.begun")
        return self._codes.enrolment(account)

    def confirm(self, principal: Principal, code: str) -> None:
        """Turn it on; `ConflictError` when it is on or was not begun, `ForbiddenError` for a wrong code."""
        account = self._accounts.lock_one(principal.user_id)
        if account.totp_nonce is None or account.has_second_factor:
            raise ConflictError("There is no second factor that waits for its confirmation.")
        account.totp_last_step = self._step_of(account, code)
        self._record(principal, "second_factor.turned_on")

    def remove(self, principal: Principal, code: str) -> None:
        """Turn it off; `ConflictError` when it is not on, `ForbiddenError` for a wrong or used code."""
        account = self._accounts.lock_one(principal.user_id)
        if not account.has_second_factor:
            raise ConflictError("The second factor is not on.")
        self._step_of(account, code)
        account.totp_nonce = account.totp_last_step = None
        self._record(principal, "second_factor.turned_off")

    def _step_of(self, account: Admin, code: str) -> int:
        step = self._codes.accepted_step(account, code)
        if step is None:
            raise ForbiddenError("The code is wrong, or was used already.")
        return step

    def _record(self, principal: Principal, action: str) -> None:
        self._audit.done(principal, action, Subject("user", principal.user_id))
