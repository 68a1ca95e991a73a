"""Smaller forms of requests, and of sequences of them. Pure.

A *pass* yields forms of one kind, the greatest steps first.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from urllib.parse import quote, unquote_plus

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer, body_of, with_body
from suites.contract.findings.paths import PathTemplates
from suites.contract.findings.smaller import simpler, smaller, without_chunks

GREAT_STEPS = 4
"""Forms of one text that are tried before anything is tried of the body."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_THE_BODY = frozenset({"content-type", "content-encoding", "transfer-encoding"})
"""Headers that say how to read the body: with another value it is another body."""
_FORM = "application/x-www-form-urlencoded"
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


def simpler_headers(untouched: frozenset[str], most: int | None, step: Step) -> Iterator[Step]:
    """Yield a request with a simpler value of one header; secrets, and the headers `untouched`, keep theirs."""
    for name, value in step.headers.items():
        if FILTERED not in value and name.lower() not in untouched | _OF_THE_BODY:
            for form in islice(simpler(value), most):
                yield msgspec.structs.replace(step, headers={**step.headers, name: form})


def shorter_query(step: Step) -> Iterator[Step]:
    """Yield a request with fewer parameters in its query, then with smaller ones."""
    place, _, query = step.path.partition("?")
    for form in _smaller_pairs(query):
        yield msgspec.structs.replace(step, path=f"{place}?{form}" if form else place)


def _smaller_pairs(text: str) -> Iterator[str]:
    """Yield the text of a query or a form with fewer parameters, then with smaller ones; secrets keep their values."""
    pairs = text.split("&") if text else []
    yield from map("&".join, without_chunks(pairs))
    for at, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        decoded = unquote_plus(value, errors="surrogateescape")
        for form in simpler(decoded) if FILTERED not in decoded else ():
            changed = f"{name}={quote(form, errors='surrogateescape')}"
            yield "&".join([*pairs[:at], changed, *pairs[at + 1 :]])


def simpler_path(paths: PathTemplates, most: int | None, step: Step) -> Iterator[Step]:
    """Yield a request to the same operation with a simpler value of one parameter of its path."""
    for name, value in paths.values(step.path).items():
        for form in islice(_simpler_value(value), most):
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
    """Yield a request with a smaller body: a smaller value of JSON, fewer fields of a form, else fewer characters."""
    body = body_of(step)
    if body is None:
        return
    yield from (with_body(step, form) for form in _smaller_bodies(step, body))


def _smaller_bodies(step: Step, body: bytes) -> Iterator[bytes]:
    if step.body is None:
        yield from without_chunks(body)
        return
    if any(name.lower() == "content-type" and _FORM in value for name, value in step.headers.items()):
        yield from map(str.encode, _smaller_pairs(step.body))
        return
    try:
        value = json.loads(step.body)
    except (ValueError, RecursionError):
        yield from map(str.encode, without_chunks(step.body))
        return
    yield from (json.dumps(form).encode() for form in smaller(value))


def passes_over(paths: PathTemplates | None, untouched: frozenset[str]) -> tuple[Forms, ...]:
    """Return all passes over one request; those over its path only where there are `paths`.

    Great steps come before the body, which may take all tries, small ones after it.
    """

    def of_texts(most: int | None) -> list[Forms]:
        in_path = [partial(simpler_path, paths, most)] if paths else []
        return [*in_path, partial(simpler_headers, untouched, most)]

    return (without_body, fewer_headers, shorter_query, *of_texts(GREAT_STEPS), smaller_body, *of_texts(None))
