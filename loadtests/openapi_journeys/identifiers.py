"""Where the ids in a path come from: links of the document, else the collection of which a path is an item. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from loadtests.made_journeys import Making
from loadtests.openapi_journeys.document import Document, Operation, UnusableError, mapping

ID_FIELDS = ("id", "uuid", "guid", "key", "slug", "code", "name")
_PARAMETER = re.compile(r"\{([^{}]+)\}")
_BODY = "$response.body#"


class Link(NamedTuple):
    """A link: the answer of `source` has, at `pointer`, the parameter `parameter` of an operation."""

    source: str
    parameter: str
    pointer: str


def path_parameters(template: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PARAMETER.findall(template)


def collection_of(template: str, parameter: str) -> str:
    """Return the path before a parameter: that of the collection whose item it names."""
    return template.split(f"{{{parameter}}}", 1)[0].rstrip("/")


def links_of(document: Document, operations: list[Operation]) -> dict[str, list[Link]]:
    """Return, by the operation that they lead to, the document's links that take an id from a body."""
    by_id = {str(one.node["operationId"]): one for one in operations if "operationId" in one.node}
    links: dict[str, list[Link]] = {}
    for source in operations:
        for link in _links(document, source):
            target = by_id.get(str(link.get("operationId"))) or _referenced(link.get("operationRef"), operations)
            parameters = link.get("parameters")
            if target is None or not isinstance(parameters, Mapping):
                continue
            for name, expression in parameters.items():
                if str(expression).startswith(_BODY):
                    pointer = str(expression).removeprefix(_BODY)
                    links.setdefault(str(target), []).append(Link(str(source), name.removeprefix("path."), pointer))
    return links


def ids_in(answer: Any, parameter: str) -> list[str]:
    """Return the ids in the answer of a list: of each item, the field that the parameter is called after, or an id."""
    items = answer if isinstance(answer, list) else _first_list(answer)
    found = [id_in(item, parameter) if isinstance(item, Mapping) else item for item in items]
    return list(dict.fromkeys(str(one) for one in found if _is_id(one)))


def id_in(item: Mapping[str, Any], parameter: str) -> Any:
    """Return the id of one thing; None when nothing looks like one."""
    by_plain = {_plain(name): value for name, value in item.items()}
    for name in (_plain(parameter), *ID_FIELDS):
        if _is_id(by_plain.get(name)):
            return by_plain[name]
    return next((value for name, value in by_plain.items() if name.endswith("id") and _is_id(value)), None)


def at_pointer(answer: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to; None when it leads nowhere."""
    for step in pointer.strip("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            answer = answer[int(name)] if isinstance(answer, list) else answer[name]
        except (LookupError, TypeError, ValueError):
            return None
    return answer


def id_of_made(making: Making, answer: Any, location: str) -> str | None:
    """Return the id of what an answer says was made: by a link, by a field, by the end of its Location."""
    found = at_pointer(answer, making.pointer) if making.pointer else None
    if found is None and isinstance(answer, Mapping):
        inner = answer.get("data")
        found = id_in(inner if isinstance(inner, Mapping) else answer, making.parameter)
    if _is_id(found):
        return str(found)
    return location.rstrip("/").rsplit("/", 1)[-1] or None


def _links(document: Document, operation: Operation) -> Iterator[Mapping[str, Any]]:
    for answer in mapping(operation.node.get("responses")).values():
        try:
            for link in mapping(document.resolve(answer).get("links")).values():
                yield document.resolve(link)
        except UnusableError:
            continue  # without it the ids come from elsewhere, or the operation is named as one without


def _referenced(reference: Any, operations: list[Operation]) -> Operation | None:
    if not isinstance(reference, str) or not reference.startswith("#/paths/"):
        return None
    steps = [step.replace("~1", "/").replace("~0", "~") for step in reference.removeprefix("#/paths/").split("/")]
    named = f"{steps[-1].upper()} {steps[0]}"
    return next((one for one in operations if str(one) == named), None)


def _first_list(answer: Any) -> list[Any]:
    if not isinstance(answer, Mapping):
        return []
    return next((value for value in answer.values() if isinstance(value, list)), [])


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and value != ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
