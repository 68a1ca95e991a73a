"""Which identity sends a case, where it is another one than Schemathesis found for the operation."""

from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.auths import AuthContext
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi._auth_retry import get_security_parameters, remove_auth
from schemathesis.specs.openapi.object_authorization import strip_credentials
from schemathesis.wfc.escalation import ANONYMOUS, escalating_provider


class Senders:
    """Cases that are sent as somebody of the auth file."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}

    @staticmethod
    def others(operation: APIOperation[Any, Any, Any, Any]) -> list[str]:
        """Return the identities that an operation is not sent as; none where there is one at most."""
        provider = escalating_provider(operation.schema)
        if provider is None:
            return []
        usual = provider.names[provider.index_for(operation.label)]
        return [name for name in provider.names if name not in {ANONYMOUS, usual}]

    def send_as(self, case: Case[Any], identity: str) -> None:
        """Have a case, which carries no credentials, sent as an identity, or as nobody (`ANONYMOUS`)."""
        self._named[case.id] = identity

    def sign(self, case: Case[Any]) -> None:
        """Give a case the credentials of its identity as they are now."""
        name = self._named.get(case.id, ANONYMOUS)
        provider = escalating_provider(case.operation.schema)
        if name == ANONYMOUS or provider is None:
            return
        signer, context = provider.provider_for(name), AuthContext(operation=case.operation, app=case.operation.app)
        signer.set(case, signer.get(case, context), context)
        case._auth_identity, case._has_explicit_auth = name, True  # noqa: SLF001 - as the engine does for its own


def without_credentials(case: Case[Any]) -> Case[Any]:
    """Return the same call without what identities put on it, and without what the document has for credentials."""
    for provider in case.operation.schema.auth.providers:
        case = strip_credentials(case, provider)
    return remove_auth(case, get_security_parameters(case.operation))


def signed_by_senders() -> Senders:
    """Put senders into the engine."""
    senders = Senders()

    @schemathesis.hook
    def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        senders.sign(case)

    return senders
