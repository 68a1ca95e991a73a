"""Cases that provoke a documented status: what `reach/hints.py` would have a person send, sent.

Schemathesis's cases vary what a schema describes. Many statuses are of something else: who asks, what is there
already, which version it has, whether a body can be read at all.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from schemathesis import Case

from suites.contract.fuzzing.edges import too_long
from suites.contract.fuzzing.variants import another, unjudged, with_header

NOBODYS_VERSION = '"0"'
UNDOCUMENTED = {"_": "1"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Provoked(NamedTuple):
    """A case; as whom it is sent, if not as whom the operation is called anyway; which parameters no link may fill."""

    case: Case[Any]
    identity: str | None = None
    kept: tuple[str, ...] = ()


class Scene(NamedTuple):
    """A valid call of an operation, the identities that it is not sent as, and whether wrong data is sent anyway."""

    valid: Case[Any]
    others: Sequence[str]
    has_negative: bool


def provoked(scene: Scene, statuses: Sequence[str]) -> list[Provoked]:
    """Return cases for those of an operation's documented statuses that there is a way for, in the order to send them.

    What changes something for good comes last.
    """
    return [made for status, make in WAYS.items() if status in statuses for made in make(scene)]


def _unreadable(scene: Scene) -> Iterator[Provoked]:
    if "json" in str(scene.valid.media_type):
        yield Provoked(unjudged(scene.valid, body=b"{"))


def _undocumented_input(scene: Scene) -> Iterator[Provoked]:
    if not scene.has_negative:
        yield Provoked(unjudged(scene.valid, query={**scene.valid.query, **UNDOCUMENTED}))


def _if_changed(scene: Scene) -> Iterator[Provoked]:
    if scene.valid.method.upper() in SAFE:
        yield Provoked(with_header(scene.valid, "If-None-Match", "*"), kept=("If-None-Match",))


def _of_nobodys_version(scene: Scene) -> Iterator[Provoked]:
    yield Provoked(with_header(scene.valid, "If-Match", NOBODYS_VERSION), kept=("If-Match",))


def _as_others(scene: Scene) -> Iterator[Provoked]:
    for identity in scene.others:
        yield Provoked(another(scene.valid), identity)


def _twice(scene: Scene) -> Iterator[Provoked]:
    if scene.valid.method.upper() not in SAFE:
        yield Provoked(another(scene.valid))
        yield Provoked(another(scene.valid))


def _too_long(scene: Scene) -> Iterator[Provoked]:
    yield Provoked(too_long(scene.valid))


WAYS: dict[str, Callable[[Scene], Iterator[Provoked]]] = {
    "400": _unreadable,
    "422": _undocumented_input,
    "304": _if_changed,
    "412": _of_nobodys_version,
    "403": _as_others,
    "409": _twice,
    "414": _too_long,
}
