"""Which changes between two versions of a document break clients of the old one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.openapi_document import Node
from suites.contract.document_checks.flat_schemas import resolved
from suites.contract.document_checks.schema_changes import SchemaChanges

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SCHEME_KEYS = ("type", "in", "name", "scheme")


def breaking_changes(old: Node, new: Node) -> tuple[str, ...]:
    """Return what breaks clients, a line for each thing: the operation, the place, what is different now."""
    return tuple(dict.fromkeys(_Comparison(old, new).changes()))


def version_allows(old: Node, new: Node) -> bool:
    """Whether the new version says that it breaks clients: its major number is greater."""
    return _major(new) > _major(old)


def _major(document: Node) -> int:
    found = re.match(r"\D*(\d+)", str(_mapping(document.get("info")).get("version", "")))
    return int(found[1]) if found else 0


class _Operation(NamedTuple):
    method: str
    path: str
    node: Node
    parameters: Mapping[str, Node]

    @property
    def key(self) -> tuple[str, str]:
        """What two versions of an operation share: the path without the names of its parameters."""
        return self.method, re.sub(r"\{[^}]*\}", "{}", self.path)


class _Comparison:
    def __init__(self, old: Node, new: Node) -> None:
        self._old = old
        self._new = new
        self._schemas = SchemaChanges(old, new)

    def changes(self) -> Iterator[str]:
        new = {operation.key: operation for operation in _operations(self._new)}
        for operation in _operations(self._old):
            name = f"{operation.method.upper()} {operation.path}"
            found = new.get(operation.key)
            if found is None:
                yield f"{name}: is gone"
                continue
            before, after = operation.node, found.node
            for change in (
                *self._of_parameters(operation.parameters, found.parameters),
                *self._of_body(before, after),
                *self._of_responses(before, after),
                *self._of_security(before, after),
            ):
                yield f"{name}: {change}"

    def _of_parameters(self, old: Mapping[str, Node], new: Mapping[str, Node]) -> Iterator[str]:
        for name, parameter in new.items():
            required = parameter.get("required") is True
            if name not in old and required:
                yield f"{name} is new, and required"
            elif name in old and required and old[name].get("required") is not True:
                yield f"{name} is required now"
        for name, parameter in old.items():
            if name not in new:
                yield f"{name} is gone"
            else:
                yield from self._of_schema(name, parameter.get("schema"), new[name].get("schema"), request=True)

    def _of_body(self, old: Node, new: Node) -> Iterator[str]:
        before, after = resolved(self._old, old.get("requestBody")), resolved(self._new, new.get("requestBody"))
        if after.get("required") is True and before.get("required") is not True:
            yield "a body is required now"
        new_media = _mapping(after.get("content"))
        for kind, described in _mapping(before.get("content")).items():
            if kind not in new_media:
                yield f"a body of {kind} is no longer taken"
            else:
                schemas = _mapping(described).get("schema"), _mapping(new_media[kind]).get("schema")
                yield from self._of_schema("body", *schemas, request=True)

    def _of_responses(self, old: Node, new: Node) -> Iterator[str]:
        new_responses = _mapping(new.get("responses"))
        for status, described in _mapping(old.get("responses")).items():
            if status not in new_responses:
                yield f"status {status} is gone"
                continue
            before, after = resolved(self._old, described), resolved(self._new, new_responses[status])
            yield from self._of_content(f"status {status}", before, after)
            new_headers = {name.lower(): header for name, header in _mapping(after.get("headers")).items()}
            for name, header in _mapping(before.get("headers")).items():
                where = f"status {status}: header `{name}`"
                if name.lower() not in new_headers:
                    yield f"{where} is gone"
                    continue
                headers = resolved(self._old, header), resolved(self._new, new_headers[name.lower()])
                yield from self._of_schema(where, *(one.get("schema") for one in headers), request=False)

    def _of_content(self, where: str, old: Node, new: Node) -> Iterator[str]:
        new_media = _mapping(new.get("content"))
        for kind, media in _mapping(old.get("content")).items():
            if kind not in new_media:
                yield f"{where} is no longer {kind}"
            else:
                schemas = _mapping(media).get("schema"), _mapping(new_media[kind]).get("schema")
                yield from self._of_schema(where, *schemas, request=False)

    def _of_schema(self, where: str, old: Any, new: Any, *, request: bool) -> Iterator[str]:
        old, new = (True if one is None else one for one in (old, new))
        for way, what in self._schemas.of(old, new, request=request):
            shown = way.lstrip(".")
            yield f"{where} `{shown}`: {what}" if shown else f"{where}: {what}"

    def _of_security(self, old: Node, new: Node) -> Iterator[str]:
        enough = _security(self._new, new)
        for alternative in _security(self._old, old):
            if not any(_asks_no_more(one, alternative) for one in enough):
                yield f"security: {' and '.join(sorted(alternative)) or 'no credentials'} is no longer enough"
            for scheme in alternative:
                before, after = _scheme(self._old, scheme), _scheme(self._new, scheme)
                if after and any(before.get(key) != after.get(key) for key in _SCHEME_KEYS):
                    yield f"security: `{scheme}` is sent in another way now"


def _operations(document: Node) -> Iterator[_Operation]:
    for path, found in _mapping(document.get("paths")).items():
        item = resolved(document, found)
        for method in METHODS:
            if method in item:
                node = resolved(document, item[method])
                yield _Operation(method, path, node, _parameters(document, path, item, node))


def _parameters(document: Node, path: str, item: Node, node: Node) -> dict[str, Node]:
    """Return parameters by place and name; those of the path by number, since no client sends their names."""
    listed = [resolved(document, one) for source in (item, node) for one in _listed(source, "parameters")]
    numbers = {name: number for number, name in enumerate(re.findall(r"\{([^}]*)\}", path), 1)}
    return {_parameter_name(str(one.get("in")), str(one.get("name")), numbers): one for one in listed}


def _parameter_name(place: str, name: str, numbers: Mapping[str, int]) -> str:
    if place == "path":
        return f"path parameter {numbers.get(name, name)}"
    return f"{place} parameter `{name.lower() if place == 'header' else name}`"


def _security(document: Node, node: Node) -> list[Node]:
    """Return the alternatives of what an operation asks for; one that asks for nothing where there are none."""
    found = node.get("security", document.get("security"))
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) and found else [{}]


def _asks_no_more(new: Node, old: Node) -> bool:
    return all(scheme in old and _scopes(new, scheme) <= _scopes(old, scheme) for scheme in new)


def _scopes(alternative: Node, scheme: str) -> set[str]:
    return set(map(str, _listed(alternative, scheme)))


def _scheme(document: Node, name: str) -> Node:
    return resolved(document, _mapping(_mapping(document.get("components")).get("securitySchemes")).get(name))


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _listed(node: Node, key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []
