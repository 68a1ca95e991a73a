"""What is made of a document: plain records, which go to the engine as JSON."""

from collections.abc import Mapping

from harness.results import Record

OWN = "{own}"
"""Stands in a call's path for the id of something that the user itself has made."""


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


class MadeJourney(Record, frozen=True):
    """What users of a class do as one identity; None is nobody."""

    name: str
    identity: str | None
    operations: tuple[MadeOperation, ...]


class NotExercised(Record, frozen=True):
    """An operation (`METHOD /template/{id}`) that is no part of the load, and why."""

    operation: str
    reason: str


class MadeJourneys(Record, frozen=True):
    """All journeys of a document. Journeys of one name share a class, whose users take them in turn."""

    journeys: tuple[MadeJourney, ...]
    not_exercised: tuple[NotExercised, ...]
