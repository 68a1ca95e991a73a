"""Cases that provoke a documented status: what `reach/hints.py` would have a person send, sent.

Schemathesis's cases vary what a schema describes. Many statuses are of something else: who asks, what is there
already, which version it has, whether a body can be read at all.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from schemathesis import Case
from schemathesis.core import NOT_SET
from schemathesis.wfc.escalation import ANONYMOUS

from suites.contract.findings.smaller_requests import SAFE
from suites.contract.fuzzing.variants import Call, another, unjudged, with_header

NOBODYS_VERSION = '"0"'
UNDOCUMENTED = {"_": "1"}
FORBIDDEN = "403"
HARMLESS = ("400", "415", "412")
"""Statuses with which even a service is safe that looks at who asks last."""
LONGER_THAN_READ = 9000
"""Characters. Servers read lines of 4 or 8 KiB; of a much longer one they leave a part unread and hang up."""


class Scene(NamedTuple):
    """A valid call of an operation, the identities that it is not sent as, and whether there is input to get wrong."""

    valid: Case[Any]
    others: Sequence[str]
    takes_input: bool


def provoked(scene: Scene, statuses: Sequence[str]) -> list[Call]:
    """Return calls, which should change nothing, for documented statuses of an operation that there is a way for.

    Where somebody is refused, they begin with the same harmless call as everybody: who is let in sends the others.
    """
    made = [call for status, make in WAYS.items() if status in statuses for call in make(scene)]
    return [*(_as_everybody(scene, statuses) if FORBIDDEN in statuses else []), *made]


def repeated(scene: Scene, statuses: Sequence[str]) -> list[Call]:
    """Return the valid call twice, where the second time may conflict with the first one."""
    if "409" not in statuses or scene.valid.method.upper() in SAFE:
        return []
    return [Call(another(scene.valid)), Call(another(scene.valid))]


def _as_everybody(scene: Scene, statuses: Sequence[str]) -> Iterator[Call]:
    """Yield a call that changes nothing, if there is one, as the others, then as the usual one."""
    ways = [call for status in HARMLESS if status in statuses for call in WAYS[status](scene)]
    harmless = [Call(scene.valid)] if scene.valid.method.upper() in SAFE else ways
    for call in harmless[:1] if scene.others else []:
        yield from (Call(unjudged(call.case), identity, call.kept) for identity in (*scene.others, None))


def _unreadable(scene: Scene) -> Iterator[Call]:
    if "json" in str(scene.valid.media_type):
        yield Call(unjudged(scene.valid, body=b"{"))


def _undocumented_input(scene: Scene) -> Iterator[Call]:
    if not scene.takes_input:
        yield Call(unjudged(scene.valid, query={**scene.valid.query, **UNDOCUMENTED}))


def _if_changed(scene: Scene) -> Iterator[Call]:
    if scene.valid.method.upper() in SAFE:
        yield Call(with_header(scene.valid, "If-None-Match", "*"), kept=("If-None-Match",))


def _of_nobodys_version(scene: Scene) -> Iterator[Call]:
    yield Call(with_header(scene.valid, "If-Match", NOBODYS_VERSION), kept=("If-Match",))


def _as_nobody(scene: Scene) -> Iterator[Call]:
    yield Call(unjudged(scene.valid), ANONYMOUS)


def _as_others(scene: Scene) -> Iterator[Call]:
    for identity in scene.others:
        yield Call(another(scene.valid), identity)


def _as_another_type(scene: Scene) -> Iterator[Call]:
    if scene.valid.body is not NOT_SET:
        yield Call(with_header(scene.valid, "Content-Type", "application/x-nobody-knows"))


def _too_long(scene: Scene) -> Iterator[Call]:
    yield Call(unjudged(scene.valid, query={"_": "x" * LONGER_THAN_READ}, body=NOT_SET))


WAYS: dict[str, Callable[[Scene], Iterator[Call]]] = {
    "400": _unreadable,
    "415": _as_another_type,
    "422": _undocumented_input,
    "304": _if_changed,
    "401": _as_nobody,
    "412": _of_nobodys_version,
    "403": _as_others,
    "414": _too_long,
}
