"""Keeps operations apart, from inside the engine: asks for the target's seed at each place of a run.

A place is an operation of a phase, or a sequence of calls. Nobody else knows when one has ended and the next one has
sent nothing yet. Identities log in once; their sessions are part of the seed from then on.
"""

import json
import time
from multiprocessing.connection import Connection
from typing import Any

import requests
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.auths import AuthContext, CacheEntry, CachingAuthProvider, _iter_caching_providers, set_on_case
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.result import Ok, Result
from schemathesis.core.spec import Scheduler
from schemathesis.core.transport import SAFE_METHODS
from schemathesis.engine.context import EngineContext
from schemathesis.engine.outage import ServerMonitor
from schemathesis.engine.run import Phase, unit
from schemathesis.generation.meta import TestPhase
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.wfc.errors import WFCError
from schemathesis.wfc.providers import LoginEndpointAuthProvider

from suites.contract.fuzzing.chains import Chains


class Keeper:
    """Asks for the seed whenever the place in the run has changed."""

    def __init__(self, connection: "Connection[Any, Any]", chains: Chains) -> None:
        self._connection = connection
        self._chains = chains
        self._place: tuple[object, ...] = ()
        self._is_asked = False
        self._is_changed = False
        self._sequences = 0
        self._sessions: list[CacheEntry[Any]] = []

    def prepare(self, case: Case[Any]) -> None:
        """Give the target its seed when this call is the first of its operation and phase, or of its sequence."""
        place = self._place_of(case)
        if self._is_asked or place != self._place:
            self._place = place
            self.leave(case.operation.label)
            self._await()
            self._sign_in(case)
        # A case may have been made, and signed in, before the seed was restored. The questions are the engine's own.
        if case._has_explicit_auth and not case.operation.schema.is_security_param_negated(case):  # noqa: SLF001
            set_on_case(case, AuthContext(operation=case.operation, app=case.operation.app), None)
        self._is_changed = self._is_changed or case.method.upper() not in SAFE_METHODS

    def restore(self, operation: str) -> None:
        """Have the target get its seed now."""
        self._await()
        self._ask_for_seed(operation)
        self._await()

    def _sign_in(self, case: Case[Any]) -> None:
        """Give identities the sessions that the seed has; where it has none that last, they log in for it."""
        providers = list(_iter_caching_providers(case))
        for provider in providers:
            provider.invalidate()
        logins = [provider for provider in providers if _is_login(provider)]
        if not self._sessions or min(session.expires for session in self._sessions) <= time.monotonic():
            context = AuthContext(operation=case.operation, app=case.operation.app)
            for provider in logins:
                provider.get(case, context)
            self._sessions = [provider.cache_entry for provider in logins if provider.cache_entry]
            if logins:
                self.ask(do="keep")
        for provider, session in zip(logins, self._sessions, strict=True):
            provider.cache_entry = session

    def begin_sequence(self) -> None:
        """Begin a sequence of calls of the stateful phase."""
        self._sequences += 1
        self.leave("a sequence of calls")

    def leave(self, operation: str) -> None:
        """Have the target get its seed for an operation, or a sequence of calls, while its first case is being made."""
        if not self._is_asked:
            self._ask_for_seed(operation)

    def ask(self, **what: str) -> None:
        """Have the harness do something, and wait until it is done."""
        self._await()
        self._send(**what)
        self._await()

    def _ask_for_seed(self, operation: str) -> None:
        self._send(do="restore", operation=operation, changed=self._is_changed)
        self._is_changed = False

    def _send(self, **what: str | bool) -> None:
        self._connection.send_bytes(json.dumps(what).encode())
        self._is_asked = True

    def _await(self) -> None:
        if self._is_asked:
            self._is_asked = False
            answer = json.loads(self._connection.recv_bytes())
            if answer["error"]:
                raise RuntimeError(answer["error"])
            if answer["forgotten"]:
                self._sessions.clear()

    def _place_of(self, case: Case[Any]) -> tuple[object, ...]:
        phase = case.meta.phase.name if case.meta else next(iter(self._place), None)
        if phase is TestPhase.STATEFUL:
            return (phase, self._sequences)
        return (phase, self._chains.place_of(case))


class Leaving:
    """An order of operations in which the target gets its seed as soon as one of them has ended."""

    def __init__(self, scheduler: Scheduler, keeper: Keeper) -> None:
        self._scheduler = scheduler
        self._keeper = keeper

    def next_operation(self) -> Result[Any, InvalidSchema] | None:
        """Return the next operation; the target is given its seed meanwhile."""
        found = self._scheduler.next_operation()
        if isinstance(found, Ok):
            self._keeper.leave(found.ok().label)
        return found

    def release(self) -> None:
        """Let go of the operation that was given last."""
        self._scheduler.release()


def _is_login(provider: CachingAuthProvider[Any]) -> bool:
    """Whether it keeps one session, of an identity of the auth file."""
    return type(provider) is CachingAuthProvider and isinstance(provider.provider, LoginEndpointAuthProvider)


def keep_apart(keeper: Keeper) -> None:
    """Put the keeper into the engine, in which only the call itself has a public hook."""
    begin, is_down, log_in = APIStateMachine.__init__, ServerMonitor.is_down, LoginEndpointAuthProvider.get
    in_its_order = unit._order_operations  # noqa: SLF001

    @schemathesis.hook
    def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        keeper.prepare(case)

    def order(engine: EngineContext, phase: Phase, operations: list[Any]) -> Scheduler:
        return Leaving(in_its_order(engine, phase, operations), keeper)

    def begin_sequence(machine: APIStateMachine) -> None:
        keeper.begin_sequence()
        begin(machine)

    def is_down_for_good(monitor: ServerMonitor, error: requests.ConnectionError) -> bool:
        """Have a target that went away started again: the run goes on, the request is a finding."""
        if is_down(monitor, error):
            keeper.ask(do="revive", request=_last_request(monitor))
            monitor._message = monitor._confirmed_by = None  # noqa: SLF001 - it is not down any more
        return False

    def log_in_again(provider: LoginEndpointAuthProvider, case: Case[Any], context: AuthContext) -> Any:
        """Give the target its seed when an identity is not what it was: changed or deleted by an earlier call."""
        try:
            return log_in(provider, case, context)
        except WFCError:
            keeper.restore(case.operation.label)
            return log_in(provider, case, context)

    # Schemathesis 4.32 has no hooks for these four.
    unit._order_operations = order  # noqa: SLF001
    LoginEndpointAuthProvider.get = log_in_again  # type: ignore[method-assign, assignment]
    APIStateMachine.__init__ = begin_sequence  # type: ignore[method-assign, assignment]
    ServerMonitor.is_down = is_down_for_good  # type: ignore[method-assign, assignment]


def _last_request(monitor: ServerMonitor) -> str:
    return monitor._recent[-1].as_curl_command() if monitor._recent else "none"  # noqa: SLF001 - as above
