"""Which operations of a document offer a law: those that it can be tried on. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from suites.contract.reach.goals import Operation, operations
from suites.contract.reach.schemas import Schemas

KEY = "idempotency-key"
VERSION = "if-match"
LOCATION = "location"
CREATED = frozenset({"201", "202"})


def can_be_deleted(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that delete one thing, where the same path shows it."""
    for path, methods in _by_path(document):
        if {"DELETE", "GET"} <= methods.keys() and _is_of_one_thing(path):
            yield methods["DELETE"].name


def names_versions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that write what somebody has read, and take the version that it had."""
    for _, methods in _by_path(document):
        if "GET" in methods:
            yield from _with_header(VERSION, methods, "PUT", "PATCH")


def takes_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that take an idempotency key."""
    for _, methods in _by_path(document):
        yield from _with_header(KEY, methods, "POST", "PATCH")


def creates_in_a_list(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that create, where the same path shows what there is."""
    for path, methods in _by_path(document):
        if {"GET", "POST"} <= methods.keys() and not _is_of_one_thing(path) and CREATED & {*methods["POST"].statuses}:
            yield methods["POST"].name


def tells_where(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that say, in a documented header, where what they have created is."""
    schemas = Schemas(document)
    for operation in operations(schemas):
        responses = operation.node.get("responses")
        if operation.name.startswith(("POST ", "PUT ")) and isinstance(responses, Mapping):
            described = [schemas.resolve(responses.get(status)).get("headers") for status in sorted(CREATED)]
            names = [str(name).lower() for headers in described if isinstance(headers, Mapping) for name in headers]
            if LOCATION in names:
                yield operation.name


def changes_what_is_read(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the changes of what the same path shows."""
    for _, methods in _by_path(document):
        if "GET" in methods:
            yield from (methods[method].name for method in ("PUT", "PATCH") if method in methods)


def puts_what_is_read(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operations that put what the same path shows."""
    yield from (name for name in changes_what_is_read(document) if name.startswith("PUT "))


def reads_of_one(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reads of one thing that a list beside it shows."""
    paths = dict(_by_path(document))
    for path, methods in paths.items():
        if _is_of_one_thing(path) and "GET" in methods and "GET" in paths.get(list_of(path), {}):
            yield methods["GET"].name


def writes_of_one(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the changes and deletions of one thing that can be read."""
    for path, methods in _by_path(document):
        if _is_of_one_thing(path) and "GET" in methods:
            yield from (methods[method].name for method in ("PUT", "PATCH", "DELETE") if method in methods)


def list_of(path: str) -> str:
    """Return the path that a path of one thing continues, with a slash at its end where that has one."""
    return path.rstrip("/").rsplit("/", 1)[0] + ("/" if path.endswith("/") else "")


def _by_path(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Operation]]]:
    """Yield each path with its operations by their methods; references are followed, extensions are no paths."""
    found: dict[str, dict[str, Operation]] = {}
    for operation in operations(Schemas(document)):
        method, path = operation.name.split(" ", 1)
        found.setdefault(path, {})[method] = operation
    yield from found.items()


def _is_of_one_thing(path: str) -> bool:
    return path.rstrip("/").endswith("}")


def _with_header(header: str, methods: Mapping[str, Operation], *wanted: str) -> Iterator[str]:
    for operation in (methods[method] for method in wanted if method in methods):
        if any(one["in"] == "header" and str(one["name"]).lower() == header for one in operation.parameters):
            yield operation.name
