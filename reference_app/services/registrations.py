"""People ask for an account, and an admin decides."""

from reference_app.errors import ConflictError, NotFoundError
from reference_app.models import Admin, RegistrationRequest, RegistrationStatus, Role
from reference_app.repositories.base import Page
from reference_app.repositories.registration_request import RegistrationRequestRepository
from reference_app.services.accounts import AccountService
from reference_app.services.audit import AuditTrail, Subject
from reference_app.services.clock import Clock, utc_now
from reference_app.services.principal import Principal


class RegistrationService:
    """Requests inside one transaction. Two admins who decide at once: the second finds it decided."""

    def __init__(
        self,
        requests: RegistrationRequestRepository,
        accounts: AccountService,
        audit: AuditTrail,
        now: Clock = utc_now,
    ) -> None:
        self._requests = requests
        self._accounts = accounts
        self._audit = audit
        self._now = now

    def ask(self, username: str, password_hash: str, reason: str | None) -> None:
        """Let a request wait. Who asks learns nothing: not whether the name is taken, nor whether another waits.

        A request for a taken name waits like any other, and cannot be approved.
        """
        identity = self._requests.insert_unless_pending(username, password_hash, reason)
        if identity is None:
            self._audit.denied(None, "registration.requested", reason="one for this name waits")
        else:
            self._audit.done(None, "registration.requested", Subject("registration", identity))

    def list_page(
        self, status: RegistrationStatus | None, limit: int, after: int | None = None
    ) -> Page[RegistrationRequest]:
        """Return one page, oldest first."""
        return self._requests.list_page(status, limit, after)

    def approve(self, principal: Principal, identity: int, role: Role) -> Admin:
        """Make the account; `NotFoundError`, or `ConflictError` for a decided request or a taken name."""
        request = self._undecided(identity)
        account = self._accounts.add(principal, request.username, request.password_hash or "", role)
        self._decide(principal, request, RegistrationStatus.APPROVED)
        return account

    def reject(self, principal: Principal, identity: int) -> RegistrationRequest:
        """Turn the request down; `NotFoundError`, or `ConflictError` when it is decided."""
        request = self._undecided(identity)
        self._decide(principal, request, RegistrationStatus.REJECTED)
        return request

    def _undecided(self, identity: int) -> RegistrationRequest:
        request = self._requests.get_for_update(identity)
        if request is None:
            raise NotFoundError("registration", identity)
        if request.status is not RegistrationStatus.PENDING:
            raise ConflictError(f"The request is {request.status} already.")
        return request

    def _decide(self, principal: Principal, request: RegistrationRequest, status: RegistrationStatus) -> None:
        request.status, request.decided_at, request.decided_by_id = status, self._now(), principal.user_id
        request.password_hash = None  # nobody needs it any more
        self._requests.save()
        self._audit.done(principal, f"registration.{status}", Subject("registration", request.id))
