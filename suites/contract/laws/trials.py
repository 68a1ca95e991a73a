"""What a law's trial is made of, and what it says."""

from collections.abc import Callable, Sequence
from uuid import NAMESPACE_OID, uuid5

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer
from suites.contract.findings.replaying import Caller

KEY = "idempotency-key"
Trial = tuple[tuple[Step, ...], tuple[Answer | None, ...]]


class Verdict(msgspec.Struct, frozen=True):
    """What a try of a law says: kept or broken, and the calls that show it.

    Not `sure`: it was kept, but perhaps for another reason; another call may tell more. Not `seen`: nobody could have
    seen a breach.
    """

    kept: bool
    trial: Trial
    sure: bool = True
    seen: bool = True


class Calls(msgspec.Struct, frozen=True):
    """The recorded calls of one operation: those that were answered with success, and those that were refused."""

    valid: Sequence[Step] = ()
    refused: Sequence[Step] = ()


Law = Callable[[Step, Caller], Verdict | None]
"""Tries one call on a target that has its seed; None where that says nothing."""


def each_until_sure(law: Law, calls: Sequence[Step], caller: Caller) -> Verdict | None:
    """Return what the first call that decides says, else what the first one that says anything does."""
    unsure: Verdict | None = None
    for call in calls:
        caller.restore()
        verdict = law(call, caller)
        if verdict is not None and (verdict.sure or not verdict.kept):
            return verdict
        unsure = unsure or verdict
    return unsure


def look_of(call: Step) -> Step:
    """Return the read of what a call writes."""
    credentials = {name: value for name, value in call.headers.items() if FILTERED in value}
    return Step(method="GET", path=call.path.split("?")[0], headers=credentials, identity=call.identity)


def with_own_key(call: Step) -> Step:
    """Give a call a key for its body where Schemathesis, which takes keys for secrets, has hidden the one it had."""
    hidden = any(name.lower() == KEY and FILTERED in value for name, value in call.headers.items())
    return with_header(call, KEY, str(uuid5(NAMESPACE_OID, str(call.body)))) if hidden else call


def with_header(call: Step, name: str, value: str) -> Step:
    """Return a call with one header replaced, or with one more."""
    headers = {key: old for key, old in call.headers.items() if key.lower() != name}
    return msgspec.structs.replace(call, headers={**headers, name.title(): value})
