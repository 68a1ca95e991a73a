"""Smaller forms of requests, and of sequences of them. Pure.

A *pass* yields forms of one kind, the greatest steps first.
"""

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote_plus

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer, body_of, with_body
from suites.contract.findings.smaller import smaller, without_chunks

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Calls = tuple[tuple[Step, Answer | None], ...]
"""Requests, and the answers that show what is wrong."""
Pass = Callable[[Calls], Iterator[Calls]]


def passes_of_last() -> list[Pass]:
    """Return the passes over calls of which the last one shows what is wrong: fewer before it, itself smaller."""

    def fewer(calls: Calls) -> Iterator[Calls]:
        yield from ((*kept, calls[-1]) for kept in without_chunks(calls[:-1]))

    return [fewer, *(_at(-1, forms) for forms in PASSES)]


def passes_of_all(number: int) -> list[Pass]:
    """Return the passes over calls that are wrong together: reads before the last one left out, each one smaller.

    What changes something may be what is wrong, and stays.
    """

    def fewer(calls: Calls) -> Iterator[Calls]:
        for at, (step, _) in enumerate(calls[:-1]):
            if step.method in SAFE:
                yield calls[:at] + calls[at + 1 :]

    return [fewer, *(_at(-place, forms) for place in range(1, number + 1) for forms in PASSES)]


def _at(place: int, forms: Callable[[Step], Iterator[Step]]) -> Pass:
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


def shorter_query(step: Step) -> Iterator[Step]:
    """Yield a request with fewer parameters in its query, then with smaller ones."""
    place, _, query = step.path.partition("?")
    pairs = query.split("&") if query else []
    for kept in without_chunks(pairs):
        yield msgspec.structs.replace(step, path=f"{place}?{'&'.join(kept)}" if kept else place)
    for at, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        for form in smaller(unquote_plus(value)):
            changed = "&".join([*pairs[:at], f"{name}={quote(form)}", *pairs[at + 1 :]])
            yield msgspec.structs.replace(step, path=f"{place}?{changed}")


def smaller_body(step: Step) -> Iterator[Step]:
    """Yield a request with a smaller body: of JSON a smaller value, of anything else fewer bytes."""
    body = body_of(step)
    if body is None:
        return
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield from (with_body(step, form) for form in without_chunks(body))
        return
    yield from (with_body(step, json.dumps(form).encode()) for form in smaller(value))


PASSES = (without_body, fewer_headers, shorter_query, smaller_body)
"""Over one request."""
