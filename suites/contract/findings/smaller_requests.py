"""Smaller forms of requests, and of sequences of them. Pure.

A *pass* yields forms of one kind, the greatest steps first.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import quote, unquote_plus

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer, body_of, with_body
from suites.contract.findings.paths import PathTemplates
from suites.contract.findings.smaller import simpler, smaller, without_chunks

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_THE_BODY = frozenset({"content-type", "content-encoding", "transfer-encoding"})
"""Headers that say how to read the body: with another value it is another body."""
_STYLES = (";", ".")
"""What path parameters of the styles `matrix` and `label` begin with; their values are not texts as they stand."""

Calls = tuple[tuple[Step, Answer | None], ...]
"""Requests, and the answers that show what is wrong."""
Pass = Callable[[Calls], Iterator[Calls]]
Forms = Callable[[Step], Iterator[Step]]
"""A pass over one request."""


def passes_of_last(of_one: Sequence[Forms]) -> list[Pass]:
    """Return the passes over calls of which the last one shows what is wrong: fewer before it, itself smaller."""

    def fewer(calls: Calls) -> Iterator[Calls]:
        yield from ((*kept, calls[-1]) for kept in without_chunks(calls[:-1]))

    return [fewer, *(_at(-1, forms) for forms in of_one)]


def passes_of_all(number: int, of_one: Sequence[Forms]) -> list[Pass]:
    """Return the passes over calls that are wrong together: reads before the last one left out, each one smaller.

    What changes something may be what is wrong, and stays.
    """

    def fewer(calls: Calls) -> Iterator[Calls]:
        for at, (step, _) in enumerate(calls[:-1]):
            if step.method in SAFE:
                yield calls[:at] + calls[at + 1 :]

    return [fewer, *(_at(-place, forms) for place in range(1, number + 1) for forms in of_one)]


def _at(place: int, forms: Forms) -> Pass:
    """Return a pass over one call, counted from the end; nothing where there are not so many any more."""

    def of_one(calls: Calls) -> Iterator[Calls]:
        if -place <= len(calls):
            step, answer = calls[place]
            at = len(calls) + place
            yield from ((*calls[:at], (form, answer), *calls[at + 1 :]) for form in forms(step))

    return of_one


def without_body(step: Step) -> Iterator[Step]:
    """Yield a request without its body."""
    if body_of(step) is not None:
        yield with_body(step, None)


def fewer_headers(step: Step) -> Iterator[Step]:
    """Yield a request with fewer headers."""
    for names in without_chunks(tuple(step.headers)):
        yield msgspec.structs.replace(step, headers={name: step.headers[name] for name in names})


def simpler_headers(untouched: frozenset[str], step: Step) -> Iterator[Step]:
    """Yield a request with a simpler value of one header; secrets, and the headers `untouched`, keep theirs."""
    for name, value in step.headers.items():
        if FILTERED not in value and name.lower() not in untouched | _OF_THE_BODY:
            for form in simpler(value):
                yield msgspec.structs.replace(step, headers={**step.headers, name: form})


def shorter_query(step: Step) -> Iterator[Step]:
    """Yield a request with fewer parameters in its query, then with smaller ones."""
    place, _, query = step.path.partition("?")
    pairs = query.split("&") if query else []
    for kept in without_chunks(pairs):
        yield msgspec.structs.replace(step, path=f"{place}?{'&'.join(kept)}" if kept else place)
    for at, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        text = unquote_plus(value, errors="surrogateescape")
        for form in simpler(text) if FILTERED not in text else ():
            changed = f"{name}={quote(form, errors='surrogateescape')}"
            yield msgspec.structs.replace(step, path=f"{place}?{'&'.join([*pairs[:at], changed, *pairs[at + 1 :]])}")


def simpler_path(paths: PathTemplates, step: Step) -> Iterator[Step]:
    """Yield a request to the same operation with a simpler value of one parameter of its path."""
    for name, value in paths.values(step.path).items():
        for form in _simpler_value(value):
            path = paths.with_value(step.path, name, form)
            if path is not None:
                yield msgspec.structs.replace(step, path=path)


def same_values(paths: PathTemplates, calls: Calls) -> Iterator[Calls]:
    """Yield calls with one value in their paths simpler, in all of them alike: what was the same thing stays so."""
    values = [value for step, _ in calls for value in paths.values(step.path).values()]
    for value in dict.fromkeys(values):
        for form in _simpler_value(value):
            changed = [(_with_value(paths, step.path, value, form), step, answer) for step, answer in calls]
            if all(path for path, _, _ in changed):
                yield tuple((msgspec.structs.replace(step, path=path), answer) for path, step, answer in changed)


def _simpler_value(value: str) -> Iterator[str]:
    yield from simpler(value) if not value.startswith(_STYLES) else ()


def _with_value(paths: PathTemplates, path: str, value: str, form: str) -> str | None:
    """Return a path with another value wherever it has this one; None where that is another operation's."""
    changed: str | None = path
    for name, found in paths.values(path).items():
        if found == value and changed is not None:
            changed = paths.with_value(changed, name, form)
    return changed


def smaller_body(step: Step) -> Iterator[Step]:
    """Yield a request with a smaller body: of JSON a smaller value, of any other text fewer characters, else bytes."""
    body = body_of(step)
    if body is None:
        return
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        parts = without_chunks(body) if step.body is None else map(str.encode, without_chunks(step.body))
        yield from (with_body(step, form) for form in parts)
        return
    yield from (with_body(step, json.dumps(form).encode()) for form in smaller(value))


PASSES: tuple[Forms, ...] = (without_body, fewer_headers, shorter_query, smaller_body)
"""Over one request, whoever it is for."""


def passes_over(paths: PathTemplates | None, untouched: frozenset[str]) -> tuple[Forms, ...]:
    """Return all passes over one request; those over its path only where there are `paths`."""
    in_path = (partial(simpler_path, paths),) if paths else ()
    return (*PASSES, *in_path, partial(simpler_headers, untouched))
