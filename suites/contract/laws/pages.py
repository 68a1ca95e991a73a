"""The law that pages add up to the list that they are pages of: nothing twice, nothing left out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller
from suites.contract.laws.trials import BLIND, Verdict, look_at
from suites.contract.reach.goals import operations
from suites.contract.reach.handed_out import Place, handed_out, words_of
from suites.contract.reach.schemas import Schemas

SIZES = tuple(map(frozenset, ({"limit"}, {"per", "page"}, {"page", "size"}, {"size"}, {"count"}, {"max", "results"})))
"""The words of parameters that say how many there are on a page."""
OFFSETS = tuple(map(frozenset, ({"offset"}, {"skip"})))
PAGES = tuple(map(frozenset, ({"page"}, {"page", "number"})))
PAGE, WHOLE = 2, 4
"""How many things are asked for, as a page and as two at once."""


class Paging(NamedTuple):
    """How a list is asked for in pages: the parameter for their size, and how the second one is asked for.

    That is a value of the parameter `onward`, or the place in the first page where that value stands.
    """

    size: str
    onward: str
    second: str | Place


def in_pages(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that list something in pages."""
    yield from pagings(document)


def pagings(document: Mapping[str, Any]) -> dict[str, Paging]:
    """Return how each operation that lists in pages is asked for them."""
    schemas = Schemas(document)
    found: dict[str, Paging] = {}
    for operation in operations(schemas):
        queries = {str(one["name"]): one for one in operation.parameters if one["in"] == "query"}
        if operation.name.startswith("GET ") and not any(one.get("required") for one in queries.values()):
            bounds = {name: _bounds(schemas, one.get("schema")) for name, one in queries.items()}
            size = next(
                (
                    name
                    for name, (low, high) in bounds.items()
                    if words_of(name) in SIZES and low <= PAGE and high >= WHOLE
                ),
                None,
            )
            onward = next(
                _onward(bounds, handed_out(schemas, {**operation.node, "parameters": [*operation.parameters]})), None
            )
            if size and onward:
                found[operation.name] = Paging(size, *onward)
    return found


def _onward(
    bounds: Mapping[str, tuple[float, float]], cursors: Mapping[str, Place]
) -> Iterator[tuple[str, str | Place]]:
    yield from cursors.items()
    for name, (low, _) in bounds.items():
        if words_of(name) in OFFSETS:
            yield name, str(PAGE)
        elif words_of(name) in PAGES and low in (0, 1):
            yield name, str(int(low) + 1)


def _bounds(schemas: Schemas, schema: Any) -> tuple[float, float]:
    parts = list(schemas.alternatives(schema))
    low = next((part["minimum"] for part in parts if isinstance(part.get("minimum"), int | float)), float("-inf"))
    high = next((part["maximum"] for part in parts if isinstance(part.get("maximum"), int | float)), float("inf"))
    return low, high


def pages_add_up(paging: Paging, call: Step, caller: Caller) -> Verdict:
    """Ask for a list, and for the same in two pages: they are the same things in the same order."""
    found = look_at(call, caller)
    if found is None:
        return BLIND
    whole = _asking(found[0], {paging.size: str(WHOLE)})
    first = _asking(found[0], {paging.size: str(PAGE)})
    all_of_it, page = caller.call(whole), caller.call(first)
    value = paging.second if isinstance(paging.second, str) else _value_at(page, paging.second)
    if value is None:
        return BLIND
    second = _asking(found[0], {paging.size: str(PAGE), paging.onward: value})
    rest, again = caller.call(second), caller.call(whole)
    lists = [_listed(one) for one in (all_of_it, page, rest, again)]
    if None in lists or lists[0] != lists[3] or len(lists[0] or []) <= PAGE:
        return BLIND
    kept = [*(lists[1] or []), *(lists[2] or [])] == lists[0]
    return Verdict(kept, ((whole, first, second), (all_of_it, page, rest)))


def _asking(look: Step, query: Mapping[str, str]) -> Step:
    return msgspec.structs.replace(look, path=f"{look.path.split('?')[0]}?{urlencode(query)}")


def _listed(answer: Answer | None) -> list[Any] | None:
    """Return what a page lists: all of it, or its only list; None where that cannot be told."""
    body = _json(answer)
    lists = [body] if isinstance(body, list) else [one for one in _mapping(body).values() if isinstance(one, list)]
    return lists[0] if len(lists) == 1 else None


def _value_at(answer: Answer | None, place: Place) -> str | None:
    value = _json(answer)
    for name in place:
        value = _mapping(value).get(name)
    return value if isinstance(value, str) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(answer: Answer | None) -> Any:
    try:
        return json.loads(answer.body) if answer is not None and answer.succeeded else None
    except (ValueError, RecursionError):
        return None
