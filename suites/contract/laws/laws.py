"""Promises that take several calls to break, checked where the document offers them.

- What was deleted is gone: `DELETE` and `GET` of the same path.
- The second of two writers with the same version is refused: `If-Match` on a write, `ETag` on the read.
- An idempotency key has one effect: the same call twice gives the same answer, or is refused.
- A creation that failed leaves nothing behind: `failed_creations.py`.
- What is created is where its `Location` says, what is written is read, PUT may be repeated: `writes.py`.
- Pages add up to the list that they are pages of: `pages.py`.
- A thing is kept from those whom it is hidden from: `whose.py`.

The calls are those that Schemathesis made; each is tried on a freshly seeded target.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from harness.contract_findings import LawReach, Step
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.replaying import CANNOT_ASK, Caller
from suites.contract.laws.failed_creations import failed_creation_leaves_nothing, try_creations
from suites.contract.laws.offers import (
    KEY,
    VERSION,
    can_be_deleted,
    changes_what_is_read,
    creates_in_a_list,
    names_versions,
    puts_what_is_read,
    reads_of_one,
    takes_keys,
    tells_where,
    writes_of_one,
)
from suites.contract.laws.pages import in_pages, pages_add_up, pagings
from suites.contract.laws.recorded_calls import MOST_CALLS, MOST_VALID, Scenarios, recorded_calls
from suites.contract.laws.trials import (
    BLIND,
    Calls,
    Law,
    Trial,
    Verdict,
    each_until_sure,
    each_with_new_fields,
    look_at,
    made_first,
    with_header,
)
from suites.contract.laws.whose import equals, hidden_is_unchanged, hidden_is_unread
from suites.contract.laws.writes import created_is_there, put_may_be_repeated, written_is_read

ACCEPTED = 202
PRECONDITION_FAILED = 412
FEW_CALLS = 4
"""For laws that seldom need more, and are offered by most operations."""

_SAME_KEY = "00000000-0000-4000-8000-000000000001"


class Promise(NamedTuple):
    """A law: which operations offer it, how one call is tried, what its breach is called, how all calls are tried.

    `length` is how many calls one try takes; None where that differs, or where there is nothing in it to make smaller.
    `of_document` makes the law for one operation, where the document says how it is tried. `takes_equals`: it is about
    two identities of one rank. `most` is how many calls are tried, alone and after what they were made from.
    `of_fields`: what one field of a body tells, another one may not.
    """

    offers: Callable[[Mapping[str, Any]], Iterator[str]]
    law: Law
    message: str
    length: int | None
    try_all: Callable[[Calls, Caller], Verdict | None] | None = None
    of_document: Callable[[Mapping[str, Any], str], Law] | None = None
    takes_equals: bool = False
    most: int = MOST_CALLS
    of_fields: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing in a try can be made smaller."""
        return self.length is None and self.try_all is None

    def bound(self, document: Mapping[str, Any], operation: str) -> "Promise":
        """Return it for one operation."""
        return self._replace(law=self.of_document(document, operation)) if self.of_document else self

    def tried(self, calls: Calls, caller: Caller) -> Verdict | None:
        """Return what the recorded calls of one operation say; what the seed does not have is made first."""
        if self.try_all:
            return self.try_all(calls, caller)
        alone = [(self.law, call) for call in calls.valid[: self.most]]
        made = [(made_first(self.law, one.before), one.call) for one in calls.made[: self.most]]
        return (each_with_new_fields if self.of_fields else each_until_sure)([*alone, *made], caller)


def apply_laws(document: Mapping[str, Any], scenarios: Scenarios, caller: Caller) -> tuple[list[LawReach], list[Cause]]:
    """Try every law on every operation that offers it and was called; return the reach, and what was broken."""
    calls, caller = recorded_calls(scenarios, caller), caller.among(equals(scenarios, caller))
    reach, broken = [], []
    for name, promise in LAWS.items():
        if promise.takes_equals and len(caller.peers) < 2:
            continue
        offered = [operation for operation in promise.offers(document) if operation in calls]
        said = {operation: _said(promise.bound(document, operation), calls[operation], caller) for operation in offered}
        verdicts = {operation: verdict for operation, verdict in said.items() if isinstance(verdict, Verdict)}
        broken += [
            _cause(operation, name, promise.message, verdict.trial)
            for operation, verdict in verdicts.items()
            if not verdict.kept
        ]
        reach.append(
            LawReach(
                law=name,
                offered=tuple(offered),
                tried=tuple(operation for operation, verdict in verdicts.items() if verdict.seen),
                blind=tuple(operation for operation, verdict in verdicts.items() if not verdict.seen),
                refused=tuple(f"{operation}: {why}" for operation, why in said.items() if isinstance(why, str)),
            )
        )
    return reach, broken


def _said(promise: Promise, calls: Calls, caller: Caller) -> Verdict | str | None:
    """Return what a law says of an operation, or why it cannot be tried: a target may have enough of logins."""
    try:
        return promise.tried(calls, caller)
    except CANNOT_ASK as error:
        return str(error).splitlines()[0]


def _cause(operation: str, check: str, message: str, trial: Trial) -> Cause:
    steps, answers = trial
    sighting = Sighting(steps=steps, answers=answers, chain=tuple(range(len(steps))))
    return Cause(operation=operation, check=check, message=message, phase="laws", seen=1, sighting=sighting)


# --- what was deleted is gone --------------------------------------------------------------------------------


def _deleted_is_gone(call: Step, caller: Caller) -> Verdict | None:
    """Look, delete, look again: it is gone. What is to be deleted later, as status 202 says, may still be there."""
    found = look_at(call, caller)
    if found is None:
        return None
    look, before = found
    deleted = caller.call(call)
    if deleted is None or not deleted.succeeded:
        return None
    after = caller.call(look)
    if after is None:
        return None
    gone, later = not after.succeeded, deleted.status == ACCEPTED
    trial = ((look, call, look), (before, deleted, after))
    return Verdict(gone or later, trial, sure=gone or not later, seen=gone or not later)


# --- the second of two writers is refused --------------------------------------------------------------------


def _second_writer_is_refused(call: Step, caller: Caller) -> Verdict | None:
    """Two writers hold the same version; when the first one's write made another, the second one's is refused."""
    found = look_at(call, caller)
    if found is None or "etag" not in found[1].headers:
        return None
    look, before = found
    tag = before.headers["etag"]
    write = with_header(call, VERSION, tag)
    first = caller.call(write)
    between = caller.call(look)
    if first is None or not first.succeeded or between is None or between.headers.get("etag") == tag:
        return None  # it changed nothing: no version was lost
    second = caller.call(write)
    kept = second is None or not second.succeeded
    sure = second is not None and second.status == PRECONDITION_FAILED
    return Verdict(kept, ((look, write, look, write), (before, first, between, second)), sure)


# --- a key has one effect ------------------------------------------------------------------------------------


def _key_has_one_effect(call: Step, caller: Caller) -> Verdict | None:
    """Call twice with the same key: the second call gets the first one's answer, or is refused."""
    keyed = with_header(call, KEY, _SAME_KEY)
    first = caller.call(keyed)
    if first is None or not first.succeeded:
        return None
    second = caller.call(keyed)
    kept = second is None or not second.succeeded or second.body == first.body
    return Verdict(kept, ((keyed, keyed), (first, second)))


LAWS: dict[str, Promise] = {
    "deleted_is_gone": Promise(can_be_deleted, _deleted_is_gone, "What was deleted can still be read", 3),
    "second_writer_is_refused": Promise(
        names_versions,
        _second_writer_is_refused,
        "Two writers with the same version both succeed: the first one's change is lost",
        4,
    ),
    "key_has_one_effect": Promise(
        takes_keys, _key_has_one_effect, "The same call with the same key has a second effect", 2
    ),
    "failed_creation_leaves_nothing": Promise(
        creates_in_a_list,
        failed_creation_leaves_nothing,
        "A creation that failed left something behind",
        None,
        try_creations,
    ),
    "created_is_there": Promise(
        tells_where, created_is_there, "What was created is not where Location says", 2, most=FEW_CALLS
    ),
    "written_is_read": Promise(
        changes_what_is_read,
        written_is_read,
        "What was written is not what is read then",
        3,
        most=MOST_VALID,
        of_fields=True,
    ),
    "put_may_be_repeated": Promise(
        puts_what_is_read,
        put_may_be_repeated,
        "The same PUT a second time changes what the first one made",
        4,
        most=MOST_VALID,
        of_fields=True,
    ),
    "pages_add_up": Promise(
        in_pages,
        lambda _call, _caller: BLIND,
        "Pages do not add up to the list: something is repeated, left out, or too much",
        None,
        of_document=lambda document, operation: partial(pages_add_up, pagings(document)[operation]),
        most=FEW_CALLS,
    ),
    "hidden_is_unread": Promise(
        reads_of_one,
        hidden_is_unread,
        "Somebody can read what is somebody else's, and what his own list does not show",
        None,
        takes_equals=True,
        most=FEW_CALLS,
    ),
    "hidden_is_unchanged": Promise(
        writes_of_one,
        hidden_is_unchanged,
        "Somebody can change what he may not see",
        None,
        takes_equals=True,
        most=FEW_CALLS,
    ),
}
