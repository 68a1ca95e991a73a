"""What a run and its coordinator say to each other: messages of `loadtests.messages`, each with its worker's number."""

import msgspec

from harness.results import Record
from loadtests.messages import Answer, Order

ENVELOPE = "proving_ground"  # the type of Locust message that carries one of ours


class Told(Record, frozen=True):
    """An order for a worker."""

    worker: int
    order: Order


class Listening(Record, frozen=True, tag=True):
    """Workers may join at this port."""

    port: int


class Joined(Record, frozen=True, tag=True):
    """A worker has joined; what it calls itself."""

    worker: int
    identity: str


class Said(Record, frozen=True, tag=True):
    """What a worker said."""

    worker: int
    answer: Answer


class Gone(Record, frozen=True, tag=True):
    """A worker has ended, or cannot be heard any more."""

    worker: int
    how: str


class CannotListen(Record, frozen=True, tag=True):
    """The address cannot be bound."""

    why: str


News = Listening | Joined | Said | Gone | CannotListen

told = msgspec.json.Decoder(Told)
news = msgspec.json.Decoder(News)
