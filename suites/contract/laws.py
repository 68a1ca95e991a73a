"""Promises that take several calls to break, checked where the document offers them.

- What was deleted is gone: `DELETE` and `GET` of the same path.
- The second of two writers with the same version is refused: `If-Match` on a write, `ETag` on the read.
- An idempotency key has one effect: the same call twice gives the same answer, or is refused.

The calls are those that Schemathesis made with valid data; each is tried on a freshly seeded target.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from harness.contract_findings import LawReach, Step
from suites.contract.causes import Cause, Sighting, operation_of
from suites.contract.exchange import FILTERED, Answer, step_of
from suites.contract.replaying import Caller

PRECONDITION_FAILED = 412
VERSION, KEY = "if-match", "idempotency-key"
MOST_CALLS = 12
"""How many recorded calls of an operation are tried until one of them can be judged."""

_SAME_KEY = "00000000-0000-4000-8000-000000000001"
Scenarios = Sequence[tuple[str, Mapping[str, Any]]]
Trial = tuple[tuple[Step, ...], tuple[Answer | None, ...]]


class Verdict(msgspec.Struct, frozen=True):
    """What a try of a law says: kept or broken, and the calls that show it.

    Not `sure`: it was kept, but perhaps for another reason; another call may tell more.
    """

    kept: bool
    trial: Trial
    sure: bool = True


Law = Callable[[Step, Caller], Verdict | None]


def apply_laws(document: Mapping[str, Any], scenarios: Scenarios, caller: Caller) -> tuple[list[LawReach], list[Cause]]:
    """Try every law on every operation that offers it and was called; return the reach, and what was broken."""
    calls = _valid_calls(scenarios, next(iter(caller.identities), None))
    called = {operation_of(case) for _, recorder in scenarios for case in recorder["cases"].values()}
    reach, broken = [], []
    for name, (offers, law, message) in LAWS.items():
        offered = [operation for operation in offers(document) if operation in called]
        tried = []
        for operation in offered:
            verdict = _try(law, calls.get(operation, ()), caller)
            if verdict is not None:
                tried.append(operation)
                if not verdict.kept:
                    broken.append(_cause(operation, name, message, verdict.trial))
        reach.append(LawReach(law=name, offered=tuple(offered), tried=tuple(tried)))
    return reach, broken


def _try(law: Law, calls: Iterable[Step], caller: Caller) -> Verdict | None:
    """Return what the first call that decides says, else what the first one that says anything does."""
    unsure: Verdict | None = None
    for call in calls:
        caller.restore()
        verdict = law(call, caller)
        if verdict is not None and (verdict.sure or not verdict.kept):
            return verdict
        unsure = unsure or verdict
    return unsure


def _cause(operation: str, check: str, message: str, trial: Trial) -> Cause:
    steps, answers = trial
    sighting = Sighting(steps=steps, answers=answers, chain=tuple(range(len(steps))))
    return Cause(operation=operation, check=check, message=message, phase="laws", seen=1, sighting=sighting)


def _valid_calls(scenarios: Scenarios, only: str | None) -> dict[str, list[Step]]:
    """Return a few of the calls of each operation that were answered with success, one for each path."""
    calls: dict[str, dict[str, Step]] = {}
    for _, recorder in scenarios:
        for key, case in recorder["cases"].items():
            interaction = recorder["interactions"].get(key) or {}
            status = (interaction.get("response") or {}).get("status_code", 0)
            if status // 100 == 2:
                step = step_of(interaction["request"], case["value"].get("auth_identity") or only)
                found = calls.setdefault(operation_of(case), {})
                if len(found) < MOST_CALLS:
                    found.setdefault(step.path + (step.body or ""), step)
    return {operation: list(found.values()) for operation, found in calls.items()}


# --- what was deleted is gone --------------------------------------------------------------------------------


def _can_be_deleted(document: Mapping[str, Any]) -> Iterator[str]:
    for path, item in document.get("paths", {}).items():
        if "delete" in item and "get" in item and path.endswith("}"):
            yield f"DELETE {path}"


def _deleted_is_gone(call: Step, caller: Caller) -> Verdict | None:
    look = _look(call)
    before = caller.call(look)
    if before is None or not before.succeeded:
        return None
    deleted = caller.call(call)
    if deleted is None or not deleted.succeeded:
        return None
    after = caller.call(look)
    return Verdict(after is None or not after.succeeded, ((look, call, look), (before, deleted, after)))


# --- the second of two writers is refused --------------------------------------------------------------------


def _names_versions(document: Mapping[str, Any]) -> Iterator[str]:
    for path, item in document.get("paths", {}).items():
        yield from (
            f"{method.upper()} {path}"
            for method in ("put", "patch")
            if "get" in item and _takes(document, item, method, VERSION)
        )


def _second_writer_is_refused(call: Step, caller: Caller) -> Verdict | None:
    """Two writers hold the same version; when the first one's write made another, the second one's is refused."""
    look = _look(call)
    before = caller.call(look)
    tag = before.headers.get("etag") if before and before.succeeded else None
    if tag is None:
        return None
    write = _with_header(call, VERSION, tag)
    first = caller.call(write)
    between = caller.call(look)
    if first is None or not first.succeeded or between is None or between.headers.get("etag") == tag:
        return None  # it changed nothing: no version was lost
    second = caller.call(write)
    kept = second is None or not second.succeeded
    sure = second is not None and second.status == PRECONDITION_FAILED
    return Verdict(kept, ((look, write, look, write), (before, first, between, second)), sure)


# --- a key has one effect ------------------------------------------------------------------------------------


def _takes_keys(document: Mapping[str, Any]) -> Iterator[str]:
    for path, item in document.get("paths", {}).items():
        yield from (f"{method.upper()} {path}" for method in ("post", "patch") if _takes(document, item, method, KEY))


def _key_has_one_effect(call: Step, caller: Caller) -> Verdict | None:
    """Call twice with the same key: the second call gets the first one's answer, or is refused."""
    keyed = _with_header(call, KEY, _SAME_KEY)
    first = caller.call(keyed)
    if first is None or not first.succeeded:
        return None
    second = caller.call(keyed)
    kept = second is None or not second.succeeded or second.body == first.body
    return Verdict(kept, ((keyed, keyed), (first, second)))


# --- of the document -----------------------------------------------------------------------------------------


def _look(call: Step) -> Step:
    """Return the read of what a call writes."""
    credentials = {name: value for name, value in call.headers.items() if FILTERED in value}
    return Step(method="GET", path=call.path.split("?")[0], headers=credentials, identity=call.identity)


def _with_header(call: Step, name: str, value: str) -> Step:
    headers = {key: old for key, old in call.headers.items() if key.lower() != name}
    return msgspec.structs.replace(call, headers={**headers, name.title(): value})


def _takes(document: Mapping[str, Any], item: Mapping[str, Any], method: str, header: str) -> bool:
    """Whether an operation has a header parameter of this name."""
    parameters = [*item.get("parameters", ()), *item.get(method, {}).get("parameters", ())]
    return any(_resolved(document, parameter).get("name", "").lower() == header for parameter in parameters)


def _resolved(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = str(parameter.get("$ref", ""))
    name = reference.removeprefix("#/components/parameters/")
    return document.get("components", {}).get("parameters", {}).get(name, {}) if reference else parameter


LAWS: dict[str, tuple[Callable[[Mapping[str, Any]], Iterator[str]], Law, str]] = {
    "deleted_is_gone": (_can_be_deleted, _deleted_is_gone, "What was deleted can still be read"),
    "second_writer_is_refused": (
        _names_versions,
        _second_writer_is_refused,
        "Two writers with the same version both succeed: the first one's change is lost",
    ),
    "key_has_one_effect": (_takes_keys, _key_has_one_effect, "The same call with the same key has a second effect"),
}
"""Each law: which operations offer it, how it is tried, and what its breach is called."""
