"""A recorded request, what it made, and which requests rest on that. Pure."""

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from loadtests.openapi_journeys.identifiers import id_in

GONE = (404, 410)
"""Who was told so did not find the thing, and so does not need it."""


class Recorded(NamedTuple):
    """One request as it was recorded. `status`: 0 is no answer. `identity`, `template`: where the file names them.

    `made`: the path of what it made. `problem`: why it cannot be sent as it was.
    `by_nobody`: the file says that whoever sent it was nobody, whatever headers it had.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    status: int
    elapsed_s: float
    failed: bool
    made: str | None = None
    identity: str | None = None
    template: str | None = None
    problem: str | None = None
    by_nobody: bool = False

    @property
    def path(self) -> str:
        """The path with the query in it."""
        place = urlsplit(self.url)
        return f"{place.path or '/'}{'?' if place.query else ''}{place.query}"


Sequence = tuple[Recorded, ...]


def thing_made(method: str, path: str, status: int, location: str, body: bytes | None) -> str | None:
    """Return the path of what a request made, from its answer's Location, or from the id in its answer; else None."""
    if method != "POST" or not 200 <= status < 300:  # noqa: PLR2004 - success
        return None
    plain = path.partition("?")[0].rstrip("/")
    try:
        made = urlsplit(urljoin(f"{plain}/", location)).path if location else _by_id(plain, body)
    except (ValueError, RecursionError):
        return None  # what says nothing that can be understood has made nothing that is known
    return None if made.rstrip("/") in {"", plain} else made.rstrip("/")


def resting_on(path: str, things: Collection[str]) -> str | None:
    """Return the longest path of a thing with which a path begins."""
    parts = path.partition("?")[0].split("/")
    begins = ("/".join(parts[:end]) for end in range(len(parts), 1, -1))
    return next((begin for begin in begins if begin in things), None)


def with_makers(sequences: list[Sequence]) -> list[Sequence]:
    """Return the sequences, each with what made the things that it rests on, where another sequence did."""
    makers: dict[str, Sequence] = {}
    whole = []
    for sequence in sequences:
        needed: dict[Recorded, None] = {}
        own: set[str] = set()
        for request in sequence:
            thing = None if resting_on(request.path, own) else resting_on(request.path, makers)
            if thing is not None and request.status not in GONE:
                needed.update(dict.fromkeys(makers[thing]))
            if request.made is not None:
                own.add(request.made)
        makers |= {one.made: (*needed, one) for one in sequence if one.made is not None}
        whole.append((*needed, *sequence))
    return whole


def is_as_recorded(status: int, recorded: int) -> bool:
    """Whether an answer is of the class that was recorded; a server error never is, what once was one may be mended.

    304 is the success of a request that had the answer already.
    """
    if status >= 500:  # noqa: PLR2004 - server errors
        return False
    return not 0 < recorded < 500 or _class_of(status) == _class_of(recorded)  # noqa: PLR2004 - as above


def _class_of(status: int) -> int:
    return 2 if status == 304 else status // 100  # noqa: PLR2004 - Not Modified


def _by_id(path: str, body: bytes | None) -> str:
    answer = json.loads(body or b"null")
    own = id_in(answer, "id") if isinstance(answer, Mapping) else None
    return "" if own is None else f"{path}/{quote(str(own), safe='')}"
