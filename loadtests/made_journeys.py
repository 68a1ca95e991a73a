"""Journeys that are made of a document or of a recording: plain records, which go to the engine as JSON."""

from collections.abc import Mapping

from harness.results import Record

OWN = "{own}"
"""Stands in a call's path for the id of something that the user itself has made."""
IDEMPOTENCY_KEY = "Idempotency-Key"
"""A call that is sent again is another call, so this header is new each time, whatever was documented or recorded."""


class Call(Record, frozen=True):
    """One request. `path` has the query in it; `headers` are beside those of the identity."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: str | None = None


class Making(Record, frozen=True):
    """What an operation makes: a thing of `kind` (the collection's path); `pointer` to its id, if a link says so."""

    kind: str
    parameter: str
    pointer: str | None = None


class MadeOperation(Record, frozen=True):
    """An operation with requests that were answered well, one of which is taken each time.

    `needs`: the kind of thing whose id stands for `OWN` in its paths. `removes`: that thing is gone afterwards.
    """

    method: str
    template: str
    weight: int
    calls: tuple[Call, ...]
    makes: Making | None = None
    needs: str | None = None
    removes: bool = False


class MadeJourney(Record, frozen=True, tag=True):
    """What users of a class do as one identity, of a document; None is nobody."""

    name: str
    identity: str | None
    operations: tuple[MadeOperation, ...]


class ReplayedRequest(Record, frozen=True):
    """A recorded request. `template`: its path without ids. `status`: what it was answered then; 0 is no answer.

    `identity`: as whom it is sent; None is nobody. `made`: the path of the thing that it made when it was recorded.
    `of`: such a path, of an earlier request of its sequence, with which its own begins: what is made now is elsewhere.
    """

    call: Call
    template: str
    status: int
    identity: str | None = None
    made: str | None = None
    of: str | None = None


class ReplayJourney(Record, frozen=True, tag=True):
    """Recorded sequences of requests, which users of a class take in turns; each keeps its order."""

    name: str
    sequences: tuple[tuple[ReplayedRequest, ...], ...]


class NotExercised(Record, frozen=True):
    """An operation (`METHOD /template/{id}`), or what was recorded of it, that is no part of the load, and why."""

    operation: str
    reason: str


class MadeJourneys(Record, frozen=True):
    """All journeys of a document or of a recording. Those of one name share a class, whose users take them in turn."""

    journeys: tuple[MadeJourney | ReplayJourney, ...]
    not_exercised: tuple[NotExercised, ...]
