"""What writes leave: what is created is where it is said to be, what is written is read, PUT may be repeated."""

from urllib.parse import urljoin, urlsplit

import msgspec

from harness.asking import origin
from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer, body_of
from suites.contract.findings.replaying import Caller
from suites.contract.laws.offers import LOCATION
from suites.contract.laws.trials import BLIND, Verdict, look_at, looks_of, object_of, of_version

ACCEPTED = 202
NOWHERE = frozenset({404, 410})


# --- what is created is where it is said to be ----------------------------------------------------------------


def created_is_there(call: Step, caller: Caller) -> Verdict:
    """Create, and look where the answer says: there it is, and not something else."""
    created = caller.call(call)
    if created is None or not created.succeeded or LOCATION not in created.headers:
        return BLIND
    here = urljoin(caller.base_url, call.path)
    there = urljoin(here, created.headers[LOCATION])
    if origin(there) != origin(here):
        return BLIND
    parts = urlsplit(there)
    look = msgspec.structs.replace(next(looks_of(call)), path=parts.path + (f"?{parts.query}" if parts.query else ""))
    found = caller.call(look)
    if found is None:
        return BLIND
    kept = found.status not in NOWHERE and not _is_another(created, found)
    return Verdict(kept, ((call, look), (created, found)), sure=not kept or found.succeeded)


def _is_another(created: Answer, found: Answer) -> bool:
    """Whether two answers are of things that have different ids."""
    one, other = object_of(created.body), object_of(found.body)
    return any(one[name] != other[name] for name in one.keys() & other.keys() & {"id", "uuid"})


# --- what is written is read ----------------------------------------------------------------------------------


def written_is_read(call: Step, caller: Caller) -> Verdict:
    """Look, write, look again: what the answer to the write said of what was sent can be read."""
    found = look_at(call, caller)
    if found is None or _may_be_stale(found[1]):
        return BLIND
    look, before = found
    call = of_version(call, before)
    written = caller.call(call)
    after = caller.call(look)
    if not (written and written.succeeded and written.status != ACCEPTED and after and after.succeeded):
        return BLIND
    sent, old, said, new = (object_of(body_of(call)), *(object_of(one.body) for one in (before, written, after)))
    confirmed = [name for name in sent.keys() & said.keys() & new.keys() if said[name] == sent[name]]
    unlike = [name for name in confirmed if name in old and old[name] != sent[name]]
    kept = all(new[name] == sent[name] for name in confirmed)
    return Verdict(kept, ((look, call, look), (before, written, after)), sure=not kept or bool(unlike))


def _may_be_stale(answer: Answer) -> bool:
    """Whether an answer says that it comes from somewhere between, and may be old."""
    return "age" in answer.headers


# --- PUT may be repeated --------------------------------------------------------------------------------------


def put_may_be_repeated(call: Step, caller: Caller) -> Verdict:
    """Put, look, put the same again, look: what was sent is as it was after the first time (RFC 9110, 9.2.2)."""
    first = caller.call(call)
    found = look_at(call, caller) if first and first.succeeded and first.status != ACCEPTED else None
    if found is None:
        return BLIND
    look, once = found
    second, twice = caller.call(call), caller.call(look)
    if not (second and second.succeeded and twice and twice.succeeded):
        return BLIND
    before, after = object_of(once.body), object_of(twice.body)
    about = object_of(body_of(call)).keys() & before.keys() & after.keys()
    kept = all(before[name] == after[name] for name in about)
    sure = not kept or bool(about)
    return Verdict(kept, ((call, look, call, look), (first, once, second, twice)), sure)
