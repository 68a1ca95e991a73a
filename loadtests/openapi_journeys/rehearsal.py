"""Tries every operation as one identity before the load, and keeps the calls that were answered well.

What is tried here is what the load repeats. So whatever fails under load has been seen to work, and what is refused
without load is named with its reason instead of counted as a failure of the load. Only a read that ends in a server
error stays in: that is a failure, with load or without.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from loadtests.made_journeys import OWN, Call, MadeOperation, Making
from loadtests.openapi_journeys.calls import VARIANTS, Calls
from loadtests.openapi_journeys.document import Operation, UnusableError
from loadtests.openapi_journeys.identifiers import (
    Link,
    at_pointer,
    collection_of,
    id_of_made,
    ids_in,
    path_parameters,
)

READS = ("GET", "HEAD")
READ_WEIGHT, MAKE_WEIGHT, CHANGE_WEIGHT = 10, 2, 1
NO_WRITES = "it writes: only where we serve the target ourselves, or `[load] writes = true` allows it"
NOT_OURS = "it would change what the run has not made"
_PARAMETER = re.compile(r"\{[^{}]*\}")
ENDS_SESSION = re.compile(r"log-?_?out|sign-?_?out|revoke", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back: `body` from JSON, else None; `problem` instead of a status where nothing came."""

    status: int
    body: Any = None
    location: str = ""
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it is an answer that load may be made of."""
        return 200 <= self.status < 400  # noqa: PLR2004 - success and redirection

    @property
    def is_fault(self) -> bool:
        """Whether the target failed, whatever it was asked: that is not to be left out of the load."""
        return self.status >= 500 and self.status != HTTPStatus.NOT_IMPLEMENTED  # noqa: PLR2004 - server errors

    def __str__(self) -> str:
        return self.problem or f"it answered {self.status}"


class Seen(NamedTuple):
    """What a read was answered, with the values of its path."""

    path: tuple[str, ...]
    body: Any


Send = Callable[[Call], Answer]
SeenByOperation = dict[str, list[Seen]]


class Rehearsal:
    """One identity's. `seen` holds what earlier ones were told, and gets what this one is."""

    def __init__(
        self, operations: Iterable[Operation], calls: Calls, links: Mapping[str, list[Link]], seen: SeenByOperation
    ) -> None:
        self._operations = sorted(operations, key=lambda one: len(path_parameters(one.template)))
        self._calls = calls
        self._links = links
        self._seen = seen
        self.made: dict[str, MadeOperation] = {}
        self.reasons: dict[str, str] = {}
        self._things: list[tuple[str, str]] = []

    def run(self, send: Send, *, writes: bool) -> None:
        """Try the reads, then the writes; `made` and `reasons` tell what came of them."""
        for operation in self._operations:
            if operation.method in READS:
                self._try(operation, lambda one: self._read(one, send))
        changes = [one for one in self._operations if one.method not in READS]
        if not writes:
            self.reasons.update((str(one), NO_WRITES) for one in changes)
            return
        for operation in changes:
            if not path_parameters(operation.template):
                self._try(operation, lambda one: self._make(one, send))
        for operation in sorted(changes, key=lambda one: one.method == "DELETE"):
            if path_parameters(operation.template):
                self._try(operation, lambda one: self._change(one, send))
        self._clean_up(send)

    def _try(self, operation: Operation, attempt: Callable[[Operation], MadeOperation]) -> None:
        try:
            self.made[str(operation)] = attempt(operation)
        except UnusableError as error:
            self.reasons[str(operation)] = str(error)
        except (AttributeError, TypeError, LookupError, ValueError) as error:
            self.reasons[str(operation)] = f"its description is not understood: {type(error).__name__}: {error}"

    def _read(self, operation: Operation, send: Send) -> MadeOperation:
        if ENDS_SESSION.search(operation.template):
            raise UnusableError("it would end the session")
        paths = self._paths(operation)
        answers: list[Answer] = []
        good: list[Call] = []
        for number, call in enumerate(self._calls.of(operation, paths)):
            answers.append(send(call))
            if answers[-1].is_good:
                good.append(call)
                path = tuple(paths[number % len(paths)].values())
                self._seen.setdefault(_plain(str(operation)), []).append(Seen(path, answers[-1].body))
            elif answers[-1].problem or answers[-1].is_fault:
                good = good or ([call] if answers[-1].is_fault else [])
                break  # it will not be quicker to say nothing the next time
        if not good:
            raise UnusableError(str(answers[0]))
        return _made(operation, READ_WEIGHT, good)

    def _paths(self, operation: Operation) -> list[dict[str, str]]:
        """Return values for the parameters of a path: combinations that the target itself has named, if it has."""
        paths: list[dict[str, str]] = [{}]
        for name in path_parameters(operation.template):
            paths = [{**path, name: value} for path in paths for value in self._ids(operation, name, path)][:VARIANTS]
        return paths

    def _ids(self, operation: Operation, name: str, path: Mapping[str, str]) -> list[str]:
        linked = [
            at_pointer(seen.body, link.pointer)
            for link in self._links.get(str(operation), ())
            if link.parameter == name
            for seen in self._told(link.source)
        ]
        if ids := [str(one) for one in linked if isinstance(one, int | str)]:
            return ids[:VARIANTS]
        listed = self._told(f"GET {collection_of(operation.template, name)}")
        inside = [seen for seen in listed if seen.path == tuple(path.values())]
        if ids := [one for seen in inside for one in ids_in(seen.body, name)]:
            return ids[:VARIANTS]
        return self._calls.path_values(operation, name)

    def _told(self, operation: str) -> list[Seen]:
        """Return what an operation was answered, to this identity first."""
        return self._seen.get(_plain(operation), [])[::-1]

    def _make(self, operation: Operation, send: Send) -> MadeOperation:
        """Try what makes a thing."""
        item = next((one for one in self._operations if _is_item(one.template, operation.template)), None)
        if operation.method != "POST" or (item is None and "201" not in map(str, operation.node.get("responses", ()))):
            raise UnusableError(NOT_OURS)
        making = self._making(operation, path_parameters(item.template)[0]) if item else None

        def make(call: Call) -> Answer:
            answer = send(call)
            if making and answer.is_good and (own := id_of_made(making, answer.body, answer.location)):
                self._things.append((making.kind, own))
            return answer

        calls = self._lasting(self._calls.of(operation, [{}]), make)
        return _made(operation, MAKE_WEIGHT, calls, makes=making)

    def _making(self, operation: Operation, parameter: str) -> Making:
        links = (link for found in self._links.values() for link in found)
        pointers = (link.pointer for link in links if (link.source, link.parameter) == (str(operation), parameter))
        return Making(kind=_plain(operation.template), parameter=parameter, pointer=next(pointers, None))

    def _change(self, operation: Operation, send: Send) -> MadeOperation:
        """Try what changes or removes a thing, on one that was made before."""
        names = path_parameters(operation.template)
        kind = _plain(collection_of(operation.template, names[0]))
        own = next((thing for made, thing in self._things if made == kind), None)
        if own is None or len(names) > 1:
            raise UnusableError(NOT_OURS)

        def change(call: Call) -> Answer:
            return send(for_own(call, own))

        calls = self._calls.of(operation, [{names[0]: OWN}])
        if operation.method != "DELETE" or not operation.template.endswith("}"):
            return _made(operation, CHANGE_WEIGHT, self._lasting(calls, change), needs=kind)
        _refuse_unless_good([change(calls[0])])
        self._things.remove((kind, own))
        return _made(operation, CHANGE_WEIGHT, calls[:1], needs=kind, removes=True)

    def _lasting(self, calls: list[Call], send: Send) -> list[Call]:
        """Return the calls that are answered well, and again when the same is sent again, as load does."""
        first = [send(call) for call in calls]
        _refuse_unless_good(first)
        again = [(call, send(call)) for call, answer in zip(calls, first, strict=True) if answer.is_good]
        kept = [call for call, answer in again if answer.is_good]
        if not kept:
            raise UnusableError(f"when the same was sent again, {again[0][1]}")
        return kept

    def _clean_up(self, send: Send) -> None:
        """Remove what was made to be tried on, where the target lets it be removed."""
        for made in self.made.values():
            if made.removes:
                for kind, own in self._things:
                    if kind == made.needs:
                        send(for_own(made.calls[0], own))


def for_own(call: Call, own: str) -> Call:
    """Return a call with the id of a thing of one's own."""
    return msgspec.structs.replace(call, path=call.path.replace(OWN, quote(own, safe="")))


def _made(operation: Operation, weight: int, calls: Iterable[Call], **more: Any) -> MadeOperation:
    return MadeOperation(
        method=operation.method, template=operation.template, weight=weight, calls=tuple(calls), **more
    )


def _refuse_unless_good(answers: list[Answer]) -> None:
    if not any(answer.is_good for answer in answers):
        raise UnusableError(str(answers[0]))


def _plain(template: str) -> str:
    """Return a path, or an operation's name, without the names of parameters, which may differ from path to path."""
    return _PARAMETER.sub("{}", template)


def _is_item(template: str, collection: str) -> bool:
    return _plain(template) == f"{_plain(collection).rstrip('/')}/{{}}"
