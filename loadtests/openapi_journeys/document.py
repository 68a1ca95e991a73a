"""Reads an OpenAPI 3 document: its operations, its references, what is wrong with it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.errors import RequestError, TargetFileError
from harness.openapi_document import Node, checked_document, prefix_of, value_at
from harness.target import Target

METHODS = ("get", "head", "post", "put", "patch", "delete")  # OPTIONS and TRACE are nobody's journey
MOST_REFERENCES = 50  # in a row


class UnusableError(Exception):
    """An operation cannot be exercised; the text is the reason."""


class Operation(NamedTuple):
    """An operation as documented. `parameters` are resolved, those of the path included."""

    method: str
    template: str
    node: Node
    parameters: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def check_has_document(target: Target) -> None:
    """Refuse a target of which no journeys can be made, before anything is started.

    Raises:
        TargetFileError: target.toml names no OpenAPI document.

    """
    if target.settings.openapi is None:
        problem = "has no journeys, and there is no [openapi] of which they could be made"
        raise TargetFileError(target.file, "load", problem)


class Document:
    """A document with its local references.

    Raises:
        RequestError: it is not OpenAPI 3, or has no operations.

    """

    def __init__(self, content: Any) -> None:
        self.content: Node = checked_document(content)
        self.is_3_0 = str(content["openapi"]).startswith("3.0")
        self._paths = mapping(content.get("paths"))
        if not any(method in item for item in self._items() for method in METHODS):
            raise RequestError("the OpenAPI document has no operations (`paths` is empty)")

    @property
    def prefix(self) -> str:
        """The path before all paths, from the first of `servers`."""
        return prefix_of(self.content)

    def operations(self) -> Iterator[Operation | tuple[str, str]]:
        """Yield every operation in the document's order; for one that cannot be read, its name and the reason."""
        for template, found in self._paths.items():
            name = str(template)
            try:
                item = self.resolve(found)
            except UnusableError as error:
                yield f"ANY {name}", str(error)
                continue
            for method in METHODS:
                if method in item:
                    yield self._operation(method.upper(), name, item, item[method])

    def resolve(self, node: Any) -> Node:
        """Follow references until there is none.

        Raises:
            UnusableError: one leads nowhere, outside, or round in a circle; or there is no object.

        """
        for _ in range(MOST_REFERENCES):
            if not isinstance(node, Mapping):
                raise UnusableError(f"{str(node)[:40]!r} stands where an object should")
            if "$ref" not in node:
                return node
            try:
                node = value_at(self.content, str(node["$ref"]))
            except LookupError as error:
                raise UnusableError(str(error)) from None
        raise UnusableError(f"$ref {node['$ref']!r} leads round in a circle")

    def is_secured(self, operation: Operation) -> bool:
        """Whether every alternative of its security asks for something."""
        alternatives = operation.node.get("security", self.content.get("security"))
        return isinstance(alternatives, list) and bool(alternatives) and all(alternatives)

    def _items(self) -> Iterator[Node]:
        for found in self._paths.values():
            try:
                yield self.resolve(found)
            except UnusableError:
                yield dict.fromkeys(METHODS)  # something was meant: it is named with its reason later

    def _operation(self, method: str, template: str, item: Node, node: Any) -> Operation | tuple[str, str]:
        try:
            own = self.resolve(node)
            listed = [*_list(item.get("parameters")), *_list(own.get("parameters"))]
            parameters = [self.resolve(one) for one in listed]
            named = {(str(one["in"]), str(one["name"])): one for one in parameters}  # the operation's own win
        except (UnusableError, LookupError) as error:
            reason = str(error) if isinstance(error, UnusableError) else f"a parameter without {error}"
            return f"{method} {template}", reason
        return Operation(method, template, own, tuple(named.values()))


def mapping(found: Any) -> Node:
    """Return a node where an object may stand; an empty one where something else does."""
    return found if isinstance(found, Mapping) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
