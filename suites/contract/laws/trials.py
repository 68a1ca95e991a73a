"""What a law's trial is made of, and what it says."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer, body_of, own_key
from suites.contract.findings.renaming import Names
from suites.contract.findings.replaying import Caller, Exchanged, is_same, replayed
from suites.contract.laws.offers import KEY, VERSION

_OF_WRITES = (KEY, "content-", "if-", "prefer", "range")
"""How headers begin that say how to write, or which part to read."""
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


BLIND = Verdict(kept=True, trial=((), ()), sure=False, seen=False)
"""Nobody could have seen a breach."""


class Made(NamedTuple):
    """A recorded call, and the calls that it was made from, with their answers."""

    before: Exchanged
    call: Step


class Calls(msgspec.Struct, frozen=True):
    """The recorded calls of one operation: those that were answered with success, and those that were refused.

    `made` are those of the valid ones that were made from other calls.
    """

    valid: Sequence[Step] = ()
    refused: Sequence[Step] = ()
    made: Sequence[Made] = ()


Law = Callable[[Step, Caller], Verdict | None]
"""Tries one call on a target that has its seed; None where that says nothing."""


def each_until_sure(tries: Iterable[tuple[Law, Step]], caller: Caller) -> Verdict | None:
    """Return what the first try that decides says, else what the first one that says anything does."""
    unsure: Verdict | None = None
    for law, call in tries:
        caller.restore()
        verdict = law(call, caller)
        if verdict is not None and (verdict.sure or not verdict.kept):
            return verdict
        unsure = unsure or verdict
    return unsure


def each_with_new_fields(tries: Iterable[tuple[Law, Step]], caller: Caller) -> Verdict | None:
    """Return the first breach of tries that send a value of a field which none before has, else what told anything."""
    told: set[str] = set()
    said: Verdict | None = None
    for law, call in tries:
        fields = {f"{name}: {value!r}" for name, value in object_of(body_of(call)).items()}
        if said is None or not said.sure or not fields <= told:
            caller.restore()
            verdict = law(call, caller)
            if verdict is not None and not verdict.kept:
                return verdict
            if verdict is not None and verdict.sure:
                told |= fields
                said = verdict
            said = said or verdict
    return said


def object_of(body: bytes | None) -> dict[str, Any]:
    """Return the JSON object of a body, an empty one where there is none."""
    try:
        found = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def made_first(law: Law, before: Exchanged) -> Law:
    """Return a law for calls that others have to go before; what those make may have other names than it had."""

    def tried(call: Step, caller: Caller) -> Verdict | None:
        names = Names()
        made = replayed(before, caller, names)
        if not all(is_same(now, then) for (_, now), (_, then) in zip(made, before, strict=True)):
            return None
        verdict = law(names.told(call), caller)
        if verdict is None:
            return None
        steps, answers = verdict.trial
        trial = ((*(step for step, _ in made), *steps), (*(answer for _, answer in made), *answers))
        return msgspec.structs.replace(verdict, trial=trial)

    return tried


def looks_of(call: Step) -> Iterator[Step]:
    """Yield reads of what a call writes: with its credentials alone, then with all its headers that a read may have."""
    credentials = {name: value for name, value in call.headers.items() if FILTERED in value}
    others = {name: value for name, value in call.headers.items() if not name.lower().startswith(_OF_WRITES)}
    for headers in (credentials, {**others, **credentials}):
        yield Step(method="GET", path=call.path.split("?")[0], headers=headers, identity=call.identity)


def look_at(call: Step, caller: Caller) -> tuple[Step, Answer] | None:
    """Return the first read of what a call writes that is answered with success, and that answer."""
    looks = list(looks_of(call))
    for look in looks if looks[0] != looks[1] else looks[:1]:
        answer = caller.call(look)
        if answer is not None and answer.succeeded:
            return look, answer
    return None


def as_identity(name: str, step: Step, caller: Caller) -> Step:
    """Return a request as another identity sends it."""
    others = {header: value for header, value in step.headers.items() if FILTERED not in value}
    credentials = dict.fromkeys(sorted(caller.identities[name].carriers), FILTERED)
    return msgspec.structs.replace(step, headers={**others, **credentials}, identity=name)


def as_nobody(step: Step) -> Step:
    """Return a request without what says who sends it."""
    headers = {header: value for header, value in step.headers.items() if FILTERED not in value}
    return msgspec.structs.replace(step, headers=headers, identity=None)


def with_own_key(call: Step) -> Step:
    """Give a call a key for its body where Schemathesis, which takes keys for secrets, has hidden the one it had."""
    hidden = any(name.lower() == KEY and FILTERED in value for name, value in call.headers.items())
    return with_header(call, KEY, own_key(call)) if hidden else call


def of_version(call: Step, seen: Answer) -> Step:
    """Give a call that names the version which it is about the one that an answer tells."""
    names_one = any(name.lower() == VERSION for name in call.headers)
    return with_header(call, VERSION, seen.headers["etag"]) if names_one and "etag" in seen.headers else call


def with_header(call: Step, name: str, value: str) -> Step:
    """Return a call with one header replaced, or with one more."""
    headers = {key: old for key, old in call.headers.items() if key.lower() != name}
    return msgspec.structs.replace(call, headers={**headers, name.title(): value})
