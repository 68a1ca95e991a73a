"""Reads OpenAPI 3 documents, in which anything may be wrong: where they come from, what they must be at the least."""

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

import yaml

from harness.asking import ask, read_all
from harness.errors import Inconclusive, RequestError, TargetFileError
from harness.target import Target

FETCH_TIMEOUT_S = 10.0
MOST_NODES = 2_000_000

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


def fetch_document(target: Target, base_url: str) -> Any:
    """Return the target's document, whatever it holds.

    Raises:
        RequestError: target.toml names none, or it is neither JSON nor YAML.
        Inconclusive: the target does not give it out.

    """
    openapi = target.settings.openapi
    if openapi is None:
        raise TargetFileError(target.file, "openapi", "is needed: give the path or the file of the OpenAPI document")
    place = openapi.file or urljoin(f"{base_url}/", str(openapi.path))
    try:
        text = target.resolve(openapi.file).read_bytes() if openapi.file else _get(place)
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError is an OSError
        raise Inconclusive(f"the OpenAPI document: {place}: {' '.join(str(error).split())}") from error
    try:
        return _parsed(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise RequestError(f"the OpenAPI document: {place}: neither JSON nor YAML: {said}") from error


def _parsed(text: bytes) -> Any:
    """Return what JSON says, else what YAML does, which reads JSON too, but takes twenty times as long for it."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader


def _get(url: str) -> bytes:
    try:
        with ask(url, FETCH_TIMEOUT_S) as answer:
            return read_all(answer)
    except HTTPError as error:
        error.close()
        raise


def checked_document(content: Any) -> Node:
    """Return a document that is an object of OpenAPI 3 and of a size that can be walked.

    Raises:
        RequestError: it is not.

    """
    if not isinstance(content, Mapping):
        raise RequestError(f"the OpenAPI document is no object but {type(content).__name__}")
    version = str(content.get("openapi") or "")
    if not version.startswith("3."):
        said = f"Swagger {content['swagger']}" if "swagger" in content else f"openapi {version or 'not given'}"
        raise RequestError(f"the OpenAPI document is not of version 3 ({said})")
    _check_size(content)
    return content


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


def prefix_of(document: Node) -> str:
    """Return the path before all paths, from the first of `servers`, whose variables have their defaults."""
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, Mapping):
        return ""
    url, variables = str(first.get("url", "")), first.get("variables")
    for name, described in (variables if isinstance(variables, Mapping) else {}).items():
        default = described.get("default", "") if isinstance(described, Mapping) else ""
        url = url.replace(f"{{{name}}}", str(default))
    return urlsplit(re.sub(r"\{[^}]*\}", "", url)).path.rstrip("/")


def address_of(document: Node, base_url: str) -> str:
    """Return where the paths of a document begin on a target; the path that its own address has, if any, is it."""
    return base_url if urlsplit(base_url).path.strip("/") else f"{base_url}{prefix_of(document)}"


def value_at(content: Any, reference: str) -> Any:
    """Return what stands at a local reference such as `#/components/schemas/Thing`.

    Raises:
        LookupError: it leads nowhere, or outside the document; the text says which.

    """
    first, *steps = reference.split("/")
    if first != "#":
        raise LookupError(f"$ref {reference!r} leads outside the document")
    node = content
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(name)] if isinstance(node, list) else node[name]
        except (LookupError, TypeError, ValueError):
            raise LookupError(f"$ref {reference!r} leads nowhere") from None
    return node
