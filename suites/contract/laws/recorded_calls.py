"""The calls of a run that laws are tried with: a few of each operation, by how they were answered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.contract_findings import Step
from suites.contract.findings.causes import line_of, operation_of
from suites.contract.findings.exchange import answer_of, step_of
from suites.contract.findings.replaying import Caller
from suites.contract.laws.trials import Calls, Made, with_own_key

REFUSED = 400
NOWHERE = frozenset({404, 410})
"""Refused for where it was sent, and perhaps fine elsewhere."""
MOST_CALLS, MOST_VALID = 12, 24
"""How many recorded calls of an operation are tried: of each status that refused, and of those that succeeded."""
MORE_PLACES = 4
"""How many more of those that succeeded, each at a path that the others are not at: the seed may have only that one."""

Scenarios = Sequence[tuple[str, Mapping[str, Any]]]


def recorded_calls(scenarios: Scenarios, caller: Caller) -> dict[str, Calls]:
    """Return a few calls of each operation that was called: those that succeeded, and of each status that refused."""
    found: dict[str, dict[int, dict[str, Made]]] = {}
    for _, recorder in scenarios:
        for key, case in recorder["cases"].items():
            by_status = found.setdefault(operation_of(case), {})
            status = status_of(recorder, key)
            if status // 100 == 2 or status >= REFUSED:
                kept = by_status.setdefault(200 if status < REFUSED else status, {})
                if len(kept) < (MOST_VALID + MORE_PLACES if status < REFUSED else MOST_CALLS):
                    made = _made(recorder, key, caller)
                    if len(kept) < MOST_VALID or _is_elsewhere(made.call, kept.values()):
                        kept.setdefault(made.call.path + (made.call.body or made.call.body_base64 or ""), made)
    return {operation: _calls(by_status) for operation, by_status in found.items()}


def _is_elsewhere(call: Step, others: Iterable[Made]) -> bool:
    return _place(call) not in {_place(other.call) for other in others}


def _place(call: Step) -> str:
    return call.path.split("?")[0]


def status_of(recorder: Mapping[str, Any], key: str) -> int:
    """Return the status with which a recorded case was answered; 0 where nothing answered."""
    answer = (recorder["interactions"].get(key) or {}).get("response") or {}
    return int(answer.get("status_code", 0))


def _made(recorder: Mapping[str, Any], key: str, caller: Caller) -> Made:
    """Return a call, and those that it was made from."""
    answered = [one for one in line_of(recorder, key)[:-1] if status_of(recorder, one)]
    before = [(_step(recorder, one, caller), answer_of(recorder["interactions"][one]["response"])) for one in answered]
    return Made(tuple(before), _step(recorder, key, caller))


def _step(recorder: Mapping[str, Any], key: str, caller: Caller) -> Step:
    identity = recorder["cases"][key]["value"].get("auth_identity") or next(iter(caller.identities), None)
    return with_own_key(caller.told(step_of(recorder["interactions"][key]["request"], identity)))


def _calls(by_status: Mapping[int, Mapping[str, Made]]) -> Calls:
    """Return the calls of one operation; the refused ones with server errors first, which may have got furthest."""
    refused = [
        made.call
        for status in sorted(by_status, reverse=True)
        if status >= REFUSED and status not in NOWHERE
        for made in by_status[status].values()
    ]
    valid = tuple(by_status.get(200, {}).values())
    return Calls(
        valid=tuple(made.call for made in valid),
        refused=tuple(refused),
        made=tuple(made for made in valid if made.before),
    )
