"""Reads an OpenAPI 3 document: its operations, its references, what is wrong with it. Pure but for `fetch_document`."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import yaml

from harness.errors import Inconclusive, RequestError, TargetFileError
from harness.target import OpenApi, Target

FETCH_TIMEOUT_S = 10.0
METHODS = ("get", "head", "post", "put", "patch", "delete")  # OPTIONS and TRACE are nobody's journey
MOST_NODES = 2_000_000
MOST_REFERENCES = 50  # in a row

Node = Mapping[str, Any]


class _Loader(yaml.CSafeLoader):
    """The safe loader, for which dates and keys are texts, as they are to JSON."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:  # type: ignore[override]  # noqa: FBT001, FBT002 - as the parent has it
        """Return a mapping; a status code is a number only to YAML."""
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


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


def fetch_document(target: Target, base_url: str) -> Any:
    """Return the target's document, whatever it holds.

    Raises:
        RequestError: target.toml names none, or it is neither JSON nor YAML.
        Inconclusive: the target does not give it out.

    """
    check_has_document(target)
    openapi = target.settings.openapi or OpenApi()
    place = openapi.file or urljoin(f"{base_url}/", str(openapi.path))
    try:
        text = target.resolve(openapi.file).read_bytes() if openapi.file else _get(place)
    except (OSError, ValueError) as error:  # URLError is an OSError
        raise Inconclusive(f"the OpenAPI document: {place}: {' '.join(str(error).split())}") from error
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader; YAML reads JSON too
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise RequestError(f"the OpenAPI document: {place}: neither JSON nor YAML: {said}") from error


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 - base_url is checked: http(s)
        return bytes(answer.read())


class Document:
    """A document with its local references.

    Raises:
        RequestError: it is not OpenAPI 3, or has no operations.

    """

    def __init__(self, content: Any) -> None:
        if not isinstance(content, Mapping):
            raise RequestError(f"the OpenAPI document is no object but {type(content).__name__}")
        version = str(content.get("openapi") or "")
        if not version.startswith("3."):
            said = f"Swagger {content['swagger']}" if "swagger" in content else f"openapi {version or 'not given'}"
            raise RequestError(f"the OpenAPI document is not of version 3 ({said})")
        _check_size(content)
        self.content: Node = content
        self.is_3_0 = version.startswith("3.0")
        self._paths = mapping(content.get("paths"))
        if not any(method in item for item in self._items() for method in METHODS):
            raise RequestError("the OpenAPI document has no operations (`paths` is empty)")

    @property
    def prefix(self) -> str:
        """The path before all paths, from the first of `servers`."""
        servers = self.content.get("servers")
        url = str(mapping(servers[0]).get("url", "")) if isinstance(servers, list) and servers else ""
        return urlsplit(re.sub(r"\{[^}]*\}", "", url)).path.rstrip("/")

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
            node = self._at(str(node["$ref"]))
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

    def _at(self, reference: str) -> Any:
        first, *steps = reference.split("/")
        if first != "#":
            raise UnusableError(f"$ref {reference!r} leads outside the document")
        node: Any = self.content
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(name)] if isinstance(node, list) else node[name]
            except (LookupError, TypeError, ValueError):
                raise UnusableError(f"$ref {reference!r} leads nowhere") from None
        return node


def mapping(found: Any) -> Node:
    """Return a node where an object may stand; an empty one where something else does."""
    return found if isinstance(found, Mapping) else {}


def _check_size(content: Any) -> None:
    """Refuse what contains itself (YAML's anchors can say so), or is written small and becomes vast."""
    waiting, seen = [content], 0
    while waiting:
        node = waiting.pop()
        inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
        seen += len(inner)
        if seen > MOST_NODES:
            raise RequestError(f"the OpenAPI document has more than {MOST_NODES:,} values, or contains itself")
        waiting.extend(inner)


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
