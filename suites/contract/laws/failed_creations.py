"""The law that a creation that failed leaves nothing behind, in the list that shows what was created.

All refused calls of an operation go to one freshly seeded target, between two looks at the list; then valid ones go
too: a list that does not show what those made could not have shown a breach, and the law is blind there.
"""

import itertools
from collections.abc import Sequence

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller
from suites.contract.laws.offers import KEY
from suites.contract.laws.trials import BLIND, Calls, Verdict, as_identity, each_until_sure, looks_of, with_header

REFUSED = 400
MOST_ROUNDS = 3
MOST_PLACES = 4
UNUSED_KEY = "00000000-0000-4000-8000-000000000002"


def failed_creation_leaves_nothing(call: Step, caller: Caller) -> Verdict | None:
    """Look, send a call that is refused, look again: the list is the same; None where it changes by itself."""
    return _alone(call, (), call, caller)


def try_creations(calls: Calls, caller: Caller) -> Verdict | None:
    """Try the refused calls of one operation where something was created, until that is a place of the seed."""
    places: dict[str, Step] = {}
    for call in calls.valid:
        places.setdefault(call.path.split("?")[0], call)
    verdict: Verdict | None = None
    for place in itertools.islice(places.values(), MOST_PLACES):
        verdict = _try_at(place, calls, caller)
        if verdict is None or verdict.seen:
            break
    return verdict


def _try_at(place: Step, calls: Calls, caller: Caller) -> Verdict | None:
    """Try all refused calls together at the place of a valid one, and one by one where they left something.

    A call that is not refused any more makes what others may be refused for: it goes before the first look.
    """
    refused = _at_the_place_of(place, calls.refused)
    made: list[Step] = []
    for _ in range(MOST_ROUNDS):
        if not refused:
            return None
        caller.restore()
        tried = _between_looks(made, refused, place, caller)
        if tried is None:
            return BLIND
        if tried.all_refused:
            break
        answered = list(zip(refused, tried.statuses, strict=True))
        made += [call for call, status in answered if 0 < status < REFUSED]
        refused = [call for call, status in answered if status >= REFUSED]
    else:
        return None
    if tried.kept:
        return tried.verdict(seen=_shows_created(tried, _at_the_place_of(place, calls.valid), caller))
    return _culprit(refused, made, place, caller) or tried.verdict()


class _Tried(msgspec.Struct, frozen=True):
    """Calls that made something, a look, calls that should be refused, and the same look."""

    steps: tuple[Step, ...]
    answers: tuple[Answer | None, ...]
    statuses: tuple[int, ...]
    """Of the calls that should be refused; 0 where nothing answered."""

    @property
    def all_refused(self) -> bool:
        return all(status >= REFUSED for status in self.statuses)

    @property
    def look(self) -> Step:
        return self.steps[-1]

    @property
    def shown(self) -> Answer | None:
        return self.answers[-1]

    @property
    def kept(self) -> bool:
        """Whether the look shows the same."""
        before = self.answers[-2 - len(self.statuses)]
        return before is not None and self.shown is not None and before.body == self.shown.body

    def verdict(self, *, seen: bool = True) -> Verdict:
        return Verdict(self.kept, (self.steps, self.answers), sure=False, seen=seen)


def _between_looks(made: Sequence[Step], calls: Sequence[Step], looker: Step, caller: Caller) -> _Tried | None:
    """Send calls between two looks, those of `looker`, after others that make something; None where nobody may look."""
    first = [caller.call(call) for call in made]
    found = _steady_look(looker, caller)
    if found is None:
        return None
    look, before = found
    answers = [caller.call(call) for call in calls]
    after = caller.call(look)
    if after is None or not after.succeeded:
        return None
    return _Tried(
        steps=(*made, look, *calls, look),
        answers=(*first, before, *answers, after),
        statuses=tuple(answer.status if answer else 0 for answer in answers),
    )


def _alone(call: Step, made: Sequence[Step], looker: Step, caller: Caller) -> Verdict | None:
    tried = _between_looks(made, [call], looker, caller)
    return tried.verdict() if tried and tried.all_refused else None


def _culprit(refused: Sequence[Step], made: Sequence[Step], looker: Step, caller: Caller) -> Verdict | None:
    """Return the breach of the first call that leaves something, by itself or after those that made something."""
    for before in ((), made) if made else ((),):

        def alone(call: Step, caller: Caller, before: Sequence[Step] = before) -> Verdict | None:
            return _alone(call, before, looker, caller)

        broken = each_until_sure([(alone, call) for call in refused], caller)
        if broken is not None and not broken.kept:
            return broken
    return None


def _at_the_place_of(valid: Step, refused: Sequence[Step]) -> list[Step]:
    """Return the refused calls as they are at the path of a valid one, each once: what is left is looked for there."""
    place = valid.path.split("?")[0]
    moved: list[Step] = []
    for call in refused:
        _, mark, query = call.path.partition("?")
        form = msgspec.structs.replace(call, path=f"{place}{mark}{query}")
        if form not in moved:
            moved.append(form)
    return moved


def _shows_created(tried: _Tried, valid: Sequence[Step], caller: Caller) -> bool:
    """Whether the list shows what a valid call makes now, under a key that was not used yet."""
    for call in valid:
        keyed = any(name.lower() == KEY for name in call.headers)
        answer = caller.call(with_header(call, KEY, UNUSED_KEY) if keyed else call)
        after = caller.call(tried.look)
        if answer and answer.succeeded and after and tried.shown and after.body != tried.shown.body:
            return True
    return False


def _steady_look(looker: Step, caller: Caller) -> tuple[Step, Answer] | None:
    """Return a look at the list, as whoever may look, and what it shows: twice the same, or it shows nothing."""
    forms: list[Step] = []
    for look in looks_of(looker):
        forms += [look, *(as_identity(name, look, caller) for name in caller.identities)]
    for at, form in enumerate(forms):
        if form not in forms[:at]:
            before, again = caller.call(form), caller.call(form)
            if before is not None and again is not None and before.succeeded:
                return (form, again) if again.body == before.body else None
    return None
