"""Which identity sends a case, where it is another one than Schemathesis found for the operation.

Schemathesis goes through the identities until an operation lets one of them in, and stays with that one. What it is
sent on purpose, as somebody else, must not end that; and it tells sooner who is let in.
"""

from collections import defaultdict
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.auths import AuthContext
from schemathesis.core.transport import AUTH_REJECTION_STATUSES
from schemathesis.engine.run.unit import _case as engine
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi._auth_retry import get_security_parameters, remove_auth
from schemathesis.specs.openapi.object_authorization import strip_credentials
from schemathesis.wfc.escalation import (
    ANONYMOUS,
    escalating_provider,
    record_auth_outcome,
    restore_identity_assignments,
)

LET_IN = frozenset({*range(200, 400), 400, 409, 412, 415, 422, 428})
"""Statuses of answers to somebody who may ask: who may not is not told what is wrong with the question."""


class Senders:
    """Cases that are sent as somebody of the auth file."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self._let_in: dict[str, list[str]] = defaultdict(list)
        self._served: set[str] = set()

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

    def learn(self, case: Case[Any], status: int) -> None:
        """Take in how an operation has answered: one that refuses whom it is called as is called as another one.

        As somebody it has let in, if there was such a one; else as Schemathesis finds.
        """
        name, label = case.auth_identity or ANONYMOUS, case.operation.label
        is_refused = status in AUTH_REJECTION_STATUSES
        if is_refused and name in self._let_in[label]:
            self._let_in[label].remove(name)
        if case.id in self._named:
            if status in LET_IN and name != ANONYMOUS:
                self._let_in[label].append(name)
            return
        provider = escalating_provider(case.operation.schema)
        is_usual = provider is not None and name == provider.names[provider.index_for(label)]
        record_auth_outcome(case, status)
        if status in range(200, 400):
            self._served.add(label)
        if is_usual and is_refused and label not in self._served and self._let_in[label]:
            restore_identity_assignments(case.operation.schema, {label: self._let_in[label][0]})


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

    engine.record_auth_outcome = senders.learn  # there is no hook for it
    return senders
