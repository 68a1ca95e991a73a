"""Calls that need what an earlier one made: links of the document lead from its answer to their parameters.

The document's own links, and those that Schemathesis infers. Schemathesis follows them in its last phase, to wherever
chance leads; here a call that has a link waiting for it follows it at once.
"""

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.errors import InvalidTransition
from schemathesis.core.result import Ok
from schemathesis.core.transforms import UNRESOLVABLE
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.expressions import MultiMatch
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from suites.contract.findings.causes import CHANGING
from suites.contract.laws.laws import VERSION
from suites.contract.reach.goals import is_documented_as

Described = APIOperation[Any, Any, Any, Any]
Definition = tuple[Any, str, str, Any]
"""Of a link: its source, the status of the answer that it is taken from, its name, and what the document says."""
MOST_LINKS = 3
"""In a row."""
CREATED = "201"


class Links:
    """The links of a document by the operation that they lead to."""

    def __init__(self, schema: Any) -> None:
        found: dict[str, list[OpenApiLink]] = defaultdict(list)
        for link in _links(schema):
            found[link.target.label].append(link)
        self._best = {label: min(links, key=_rank) for label, links in found.items() if any(map(_leads, links))}

    @staticmethod
    def filling(link: OpenApiLink) -> Described | None:
        """Return the operation that makes what the source of a link lists: a POST to the same path."""
        beside = link.source.schema[link.source.path]
        return beside["post"] if link.source.method.upper() == "GET" and "post" in beside else None

    def way_to(self, operation: Described) -> list[OpenApiLink]:
        """Return the links to follow, the last one leads to the operation; none where nothing leads there."""
        way: list[OpenApiLink] = []
        label = operation.label
        while label in self._best and len(way) < MOST_LINKS:
            way.insert(0, self._best[label])
            label = way[0].source.label
        return way


def _links(schema: Any) -> Iterator[OpenApiLink]:
    """Yield the document's links, then the inferred ones; those that lead nowhere are reported by the last phase."""
    cache: dict[str, Described] = {}
    for source, status, name, definition in itertools.chain(_documented(schema), _inferred(schema)):
        with contextlib.suppress(InvalidTransition):
            yield OpenApiLink(name, status, definition, source, cache)


def _documented(schema: Any) -> Iterator[Definition]:
    for found in schema.get_all_operations():
        if isinstance(found, Ok):
            for status, response in found.ok().responses.items():
                yield from ((found.ok(), status, name, definition) for name, definition in response.iter_links())


def _inferred(schema: Any) -> Iterator[Definition]:
    for found in schema.analysis.dependency_graph.iter_links():
        source = schema.find_operation_by_reference(found.producer_operation_ref)
        yield from ((source, found.status_code, name, link.to_openapi()) for name, link in found.links.items())


def _leads(link: OpenApiLink) -> bool:
    """Whether following it makes a difference: it fills all of the path, from an operation that is another one."""
    filled = {one.name for one in link.parameters if one.container_name == "path_parameters"}
    wanted = {one.name for one in link.target.path_parameters}
    return link.source.label != link.target.label and bool(wanted) and wanted <= filled


def _rank(link: OpenApiLink) -> tuple[object, ...]:
    """Best is what leads there, as the document says itself, by few steps, from what makes something new."""
    makes = {CREATED: 0}.get(link.status_code, 2 if link.source.method.upper() in CHANGING else 1)
    return (not _leads(link), link.is_inferred, len(list(link.source.path_parameters)), makes, link.full_name)


class Chains:
    """The cases that wait for the answer to another one."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, OpenApiLink, frozenset[str]]] = {}
        self._led: dict[str, str] = {}
        self._answers: dict[str, StepOutput] = {}
        self._versions: dict[str, str] = {}

    def lead(self, case: Case[Any], operation: str) -> None:
        """Note that a case is sent for the sake of those of another operation, which follow it."""
        self._led[case.id] = operation

    def place_of(self, case: Case[Any]) -> str:
        """Return for which operation a case is sent."""
        return self._led.get(case.id, case.operation.label)

    def follow(self, case: Case[Any], source: Case[Any], link: OpenApiLink, kept: Collection[str] = ()) -> None:
        """Have a case take what a link takes from the answer to its source, but for the parameters that it keeps."""
        self._waiting[case.id] = (source.id, link, frozenset(map(str.lower, kept)))

    def fill(self, case: Case[Any]) -> None:
        """Put into a case what its link says; where that says nothing, the case stays as it was made."""
        if case.id not in self._waiting:
            return
        source, link, kept = self._waiting[case.id]
        output = self._answers.get(source)
        if output is None or not is_documented_as(output.response.status_code, link.status_code, ()):
            return
        for container, parameters in link.extract(output).parameters.items():
            values = {name: self._value(name, source, one.value) for name, one in parameters.items()}
            taken = {name: value for name, value in values.items() if value is not None and name.lower() not in kept}
            getattr(case, container).update(taken)

    def note(self, case: Case[Any], response: Response) -> None:
        """Keep an answer that somebody waits for, and which version a call has made of what its source had made."""
        if case.id in self._led:
            self._answers[case.id] = StepOutput(response, case)
        elif case.id in self._waiting and "etag" in response.headers:
            source, _, _ = self._waiting[case.id]
            self._versions[source] = response.headers["etag"][0]

    def _value(self, name: str, source: str, extracted: Any) -> Any:
        """Return what was extracted, or the version that is known since."""
        return self._versions.get(source, _value(extracted)) if name.lower() == VERSION else _value(extracted)


def _value(extracted: Any) -> Any:
    """Return what was extracted; of several values the first one, and None where there is none."""
    value = extracted.ok() if isinstance(extracted, Ok) else None
    if isinstance(value, MultiMatch):
        value = next(iter(value.values), None)
    return None if value is UNRESOLVABLE or isinstance(value, Mapping | list) else value


def in_chains() -> Chains:
    """Put chains into the engine."""
    chains = Chains()

    @schemathesis.hook
    def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        chains.fill(case)

    @schemathesis.hook
    def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
        chains.note(case, response)

    return chains
