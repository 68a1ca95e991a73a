"""The laws that a thing is kept from those whom it is hidden from: what their list lacks, or a read refuses them.

Whose a thing is, no document says; the service does, by what it shows to whom. What it shows to both of two users, and
what anybody may see, is not judged. Who may do what others may not, such as an administrator, is nobody's equal.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.causes import operation_of
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller
from suites.contract.laws.offers import list_of
from suites.contract.laws.recorded_calls import Scenarios, status_of
from suites.contract.laws.trials import (
    BLIND,
    Trial,
    Verdict,
    as_identity,
    as_nobody,
    look_at,
    of_version,
)

FORBIDDEN = 403
HIDDEN = frozenset({403, 404, 410})


def equals(scenarios: Scenarios, caller: Caller) -> tuple[str, ...]:
    """Return the identities none of which was let in where another one was refused, whatever the thing."""
    seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for _, recorder in scenarios:
        for key, case in recorder["cases"].items():
            if (name := case["value"].get("auth_identity")) and "{" not in case["value"]["path"]:
                seen[operation_of(case)][name].add(status_of(recorder, key))
    privileged = {name for by_name in seen.values() for name in _privileged(by_name)}
    return tuple(name for name in caller.peers if name not in privileged)


def hidden_is_unread(call: Step, caller: Caller) -> Verdict:
    """Look at both lists, and read as somebody else what only the owner's shows: it is not to be had."""
    found = look_at(call, caller)
    for peer in _others(call, caller) if found else ():
        if found and (trial := _read_by(peer, *found, caller)):
            shown, seen = trial[1][-2:]
            leaks = bool(shown and seen and seen.succeeded and seen.body == shown.body)
            if not leaks or not _is_public(found[0], caller):
                return Verdict(kept=not leaks, trial=trial)
    return BLIND


def hidden_is_unchanged(call: Step, caller: Caller) -> Verdict:
    """Change a thing as somebody who may not see it: to its owner it looks as it did."""
    found = look_at(call, caller)
    if found is None:
        return BLIND
    look, before = found
    write = of_version(call, before)
    for peer in _others(call, caller):
        peek, theirs = as_identity(peer, look, caller), as_identity(peer, write, caller)
        refused = caller.call(peek)
        if refused is not None and refused.status in HIDDEN:
            written, after = caller.call(theirs), caller.call(look)
            changed = after is not None and (after.status, after.body) != (before.status, before.body)
            is_done = written is not None and written.succeeded
            trial = ((look, peek, theirs, look), (before, refused, written, after))
            return Verdict(kept=not (is_done and changed), trial=trial, sure=not is_done or changed)
    return BLIND


def _read_by(peer: str, look: Step, shown: Answer, caller: Caller) -> Trial | None:
    """Return a try to read what the owner's list has and another one's has not; None where they do not tell that."""
    listing = msgspec.structs.replace(look, path=list_of(look.path))
    steps = (listing, as_identity(peer, listing, caller), look, as_identity(peer, look, caller))
    name = unquote(look.path.rstrip("/").rsplit("/", 1)[1])
    mine, theirs = map(caller.call, steps[:2])
    if not (mine and theirs and mine.succeeded and theirs.succeeded) or not _has(mine, name) or _has(theirs, name):
        return None
    return steps, (mine, theirs, shown, caller.call(steps[-1]))


def _others(call: Step, caller: Caller) -> list[str]:
    """Return who is not the one who calls, and his equal."""
    return [name for name in caller.peers if name != call.identity] if call.identity in caller.peers else []


def _is_public(look: Step, caller: Caller) -> bool:
    """Whether somebody without credentials may look."""
    answer = caller.call(as_nobody(look))
    return answer is not None and answer.succeeded


def _has(answer: Answer, name: str) -> bool:
    """Whether a list has something that is called so."""
    try:
        return any(str(value) == name for value in _values(json.loads(answer.body)))
    except (ValueError, RecursionError):
        return False


def _values(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if isinstance(one, dict | list):
            yield from _values(one)
        else:
            yield one


def _privileged(by_name: Mapping[str, set[int]]) -> Iterator[str]:
    """Yield who was let in where somebody else was refused, and only refused."""
    let_in = {name for name, statuses in by_name.items() if any(status // 100 == 2 for status in statuses)}
    if any(FORBIDDEN in statuses for name, statuses in by_name.items() if name not in let_in):
        yield from let_in
