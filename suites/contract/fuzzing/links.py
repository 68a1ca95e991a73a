"""The links of a document: from what an answer says to the parameters of another operation.

The document's own, and those that Schemathesis infers.
"""

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from schemathesis.core.errors import InvalidTransition
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from suites.contract.findings.causes import CHANGING

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
