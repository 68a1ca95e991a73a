"""Shrinks what shows a finding: fewer calls, headers and parameters, simpler ones, while its cause still shows.

The same cause is the same check with the same message where the check can be asked again (`rechecking.py`), else an
answer of the same kind; and what the request breaks of the document stays what it was, so that a valid request stays
valid. Each try begins with the target's seed. The same request, in the same order of tries, ends at the same example.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec

from harness.contract_findings import Shrinking, Step
from suites.contract.findings.causes import Cause
from suites.contract.findings.exchange import FILTERED, Answer
from suites.contract.findings.paths import PathTemplates
from suites.contract.findings.replaying import CANNOT_ASK, IN_SEQUENCE, Caller, Shown, replayed
from suites.contract.findings.smaller import Budget, Reduced, reduced
from suites.contract.findings.smaller_requests import (
    SAFE,
    Calls,
    passes_of_all,
    passes_of_last,
    passes_over,
    same_values,
)
from suites.contract.findings.violations import Violation, Violations, whichever_body
from suites.contract.laws.laws import LAWS
from suites.contract.laws.offers import KEY, VERSION
from suites.contract.laws.trials import made_first

T = TypeVar("T")

MOST_TRIES, MOST_SECONDS = 40, 15.0
"""Of one finding."""
TRIES_IN_ALL, SECONDS_IN_ALL = 400, 90.0
_OF_WHOSE_IT_IS = "object_level_authorization"
"""A check that is about whose thing a path names: another one may be the asker's own."""
_OF_THE_SAME_THING = "use_after_free"
"""A check whose calls name one thing, whichever. In other sequences a path names what an answer has told."""


class Shrinker:
    """Shrinks the findings of one run, with one budget for all of them."""

    def __init__(self, document: Mapping[str, Any], caller: Caller) -> None:
        self._document = document
        self._caller = caller
        self._paths = PathTemplates(document, caller.base_url)
        self._violations = Violations(document, caller.base_url)
        self._budget = Budget(TRIES_IN_ALL, SECONDS_IN_ALL)
        self._recheck: Callable[[Cause, Step, Answer], bool] | None = None

    def shrunk(self, cause: Cause, shown: Shown, left: int) -> Shown:
        """Return a smaller example, if there is one; `left` findings, this one among them, share what may be tried.

        What a fresh target did not show, and what left it without an answer, is not tried again.
        """
        if not shown.again or shown.answers[-1] is None:
            return shown
        budget = self._budget.share(left, MOST_TRIES, MOST_SECONDS)
        return self._law(cause, shown, budget) if cause.check in LAWS else self._calls(cause, shown, budget)

    def _law(self, cause: Cause, shown: Shown, budget: Budget) -> Shown:
        """Shrink the call that a law is tried with, and those that go before; its other calls are what it is about."""
        promise = LAWS[cause.check]
        if promise.is_whole:
            return shown
        before = _calls_of(shown)[: -promise.length] if promise.length else ()
        call = next(step for step in reversed(shown.steps) if step.method not in SAFE)
        together: Calls = (*before, (call, None))

        def show(calls: Calls) -> Calls | None:
            *first, (now, _) = calls
            verdict = made_first(promise.law, tuple(first))(now, self._caller)
            return None if verdict is None or verdict.kept else tuple(zip(*verdict.trial, strict=True))

        # What was made first has the name that it was given.
        passes = passes_of_all(1 + len(before), passes_over(None if before else self._paths, self._telling))
        is_faithful = self._as_a_sequence(cause, together)
        return _shown(reduced(together, passes, is_faithful, self._freshly(show), budget), shown)

    def _calls(self, cause: Cause, shown: Shown, budget: Budget) -> Shown:
        """Shrink requests that show a cause by their answers."""
        if cause.check in IN_SEQUENCE:
            return self._sequence(cause, shown, budget)
        of_answers = self._is_of_answers(cause)
        last, expected = shown.steps[-1], shown.answers[-1]
        known = self._broken(last, cause)

        def is_faithful(calls: Calls) -> bool:
            now = self._broken(calls[-1][0], cause)
            # An answer is wrong whatever was asked; that it was asked with valid data makes it the better example.
            if of_answers:
                return whichever_body(now) <= whichever_body(known)
            return now == known and self._asks_the_same(calls[-1][0], last)

        def show(calls: Calls) -> Calls | None:
            answered = replayed(calls, self._caller)
            asked, answer = answered[-1]
            if answer is None or expected is None or answer.status != expected.status:
                return None
            same = self._fails(cause, asked, answer) if of_answers else answer.kind == expected.kind
            return answered if same else None

        paths = None if cause.check == _OF_WHOSE_IT_IS else self._paths
        passes = passes_of_last(passes_over(paths, self._telling))
        return _shown(reduced(_calls_of(shown), passes, is_faithful, self._freshly(show), budget), shown)

    def _sequence(self, cause: Cause, shown: Shown, budget: Budget) -> Shown:
        """Shrink calls that are wrong together: all answers stay of their kinds."""

        def show(calls: Calls) -> Calls | None:
            answered = replayed(calls, self._caller)
            pairs = zip(answered, calls, strict=True)
            same = all(now and before and now.kind == before.kind for (_, now), (_, before) in pairs)
            return answered if same else None

        passes = passes_of_all(len(shown.steps), passes_over(None, self._telling))
        if cause.check == _OF_THE_SAME_THING:
            passes.append(partial(same_values, self._paths))
        is_faithful = self._as_a_sequence(cause, _calls_of(shown))
        return _shown(reduced(_calls_of(shown), passes, is_faithful, self._freshly(show), budget), shown)

    def _as_a_sequence(self, cause: Cause, calls: Calls) -> Callable[[Calls], bool]:
        """Return whether others mean the same: the last call asks and breaks the same, others break no more."""
        steps = [step for step, _ in calls]
        known, before = self._broken(steps[-1], cause), self._violations.before_last(steps)

        def is_faithful(form: Calls) -> bool:
            now = [step for step, _ in form]
            return (
                self._asks_the_same(now[-1], steps[-1])
                and self._broken(now[-1], cause) == known
                and self._violations.before_last(now) <= before
            )

        return is_faithful

    @property
    def _telling(self) -> frozenset[str]:
        """The headers that say who asks, and those that laws are about."""
        return self._caller.carriers | {VERSION, KEY}

    def _asks_the_same(self, form: Step, step: Step) -> bool:
        """Whether two requests carry the same secrets, and the headers that laws are about: who asks, and for what."""
        return self._telling_headers(form) == self._telling_headers(step)

    def _telling_headers(self, step: Step) -> frozenset[str]:
        return frozenset(
            name for name, value in step.headers.items() if FILTERED in value or name.lower() in self._telling
        )

    def _broken(self, step: Step, cause: Cause) -> frozenset[Violation]:
        return self._violations.of(step, cause.operation)

    def _freshly(self, show: Callable[[T], Calls | None]) -> Callable[[T], Calls | None]:
        """Return the same question, put to a target that has its seed again."""

        def fresh(form: T) -> Calls | None:
            try:
                self._caller.restore()
                return show(form)
            except CANNOT_ASK:
                return None

        return fresh

    def _is_of_answers(self, cause: Cause) -> bool:
        from suites.contract.findings.rechecking import OF_ANSWERS  # noqa: PLC0415 - Schemathesis, which a green run never needs

        return cause.check in OF_ANSWERS

    def _fails(self, cause: Cause, asked: Step, answer: Answer) -> bool:
        from suites.contract.findings.rechecking import Recheck  # noqa: PLC0415 - as above

        self._recheck = self._recheck or Recheck(self._document, self._caller.base_url).fails
        return self._recheck(cause, asked, answer)


def _calls_of(shown: Shown) -> Calls:
    return tuple(zip(shown.steps, shown.answers, strict=True))


def _shown(found: Reduced[Any, Calls], before: Shown) -> Shown:
    shrinking = Shrinking(tried=found.tried, taken=found.taken, bound=found.bound)
    if found.shown is None:
        return msgspec.structs.replace(before, shrinking=shrinking)
    steps, answers = zip(*found.shown, strict=True)
    return Shown(steps=steps, answers=answers, again=True, shrinking=shrinking)
