"""What a run and its engines say to each other: one JSON document per message.

```
run                            engine
Plan  ──────────────────────▶  imports Locust and the journeys
      ◀──────────────────────  Ready, or Refused
(the target is launched)
Go    ──────────────────────▶  starts the users
      ◀──────────────────────  Started, or Refused
Begin ──────────────────────▶  walks its shard of the schedule
      ◀──────────────────────  Second, each second
      ◀──────────────────────  Ended
Stop, or the pipe's end  ───▶  ends early, still with Ended; also when the run was killed
```
"""

from collections.abc import Callable
from typing import IO

import msgspec

from harness.results import Record
from loadtests.histograms import Cells
from loadtests.made_journeys import MadeJourneys
from loadtests.profile import Profile
from loadtests.schedule import Shard


class Plan(Record, frozen=True, tag=True):
    """What an engine is to do. `file`: the profile's path, for messages.

    `journeys`: a folder on the engine's machine; None for journeys that are made once the target answers, of its
    document or of a recording, which come with `Go`. `page`: the port at which it shows Locust's web page while it
    runs, or None.
    """

    profile: Profile
    file: str
    journeys: str | None
    seed: int
    shard: Shard = Shard()
    page: int | None = None


class Ready(Record, frozen=True, tag=True):
    """The journeys are imported and fit the profile."""


class Go(Record, frozen=True, tag=True):
    """The target answers at `base_url`: start the users. `made`: its journeys, with the `profile` that fits them."""

    base_url: str
    made: MadeJourneys | None = None
    profile: Profile | None = None


class Started(Record, frozen=True, tag=True):
    """Every user has done its `on_start`."""


class Begin(Record, frozen=True, tag=True):
    """The first slot is due now."""


class Stop(Record, frozen=True, tag=True):
    """End early."""


class Refused(Record, frozen=True, tag=True):
    """The engine cannot; the sentence for the user, and the exit code that goes with it."""

    message: str
    exit_code: int


class Fates(Record, frozen=True):
    """What became of slots of one stage in one second: started (how many of them late), or dropped."""

    stage: int
    started: int
    late: int
    dropped: int


class Series(Record, frozen=True):
    """Requests of one endpoint, due in one stage, whose outcome came in one second.

    `unanswered`: failures without any HTTP status (refused, reset, timed out); `size`: bytes of the answers' bodies.
    Cells are those of `loadtests.histograms`.
    """

    stage: int
    endpoint: str
    failures: int
    unanswered: int
    size: int
    service: Cells
    response: Cells


class Second(Record, frozen=True, tag=True):
    """One second of an engine, or of several added up: what happened in it, whenever it was due.

    `behind`: how much later than due requests were started, as cells. `lag`: how late the engine itself woke up, as
    cells. `cpu`: share of one core; `gc_s`: its longest pause for collecting garbage; of several engines the greatest.
    """

    second: int
    fates: tuple[Fates, ...]
    series: tuple[Series, ...]
    errors: dict[str, int]
    in_flight: int
    behind: Cells
    lag: Cells
    cpu: float
    gc_s: float


class Ended(Record, frozen=True, tag=True):
    """No more comes. `ended_s`: when the last outcome was known, in seconds from the start."""

    ended_s: float
    interrupted: bool


Answer = Ready | Started | Refused | Second | Ended
Order = Plan | Go | Begin | Stop

_answers = msgspec.json.Decoder(Answer)
_orders = msgspec.json.Decoder(Order)
Send = Callable[[msgspec.Struct], None]


def encoded(message: msgspec.Struct) -> bytes:
    """Return a message as one line without its end."""
    return msgspec.json.encode(message)


def answer(line: bytes) -> Answer:
    """Read what an engine says."""
    said: Answer = _answers.decode(line)
    return said


def order(line: bytes) -> Order:
    """Read what a run says."""
    said: Order = _orders.decode(line)
    return said


def send(pipe: IO[bytes], message: msgspec.Struct) -> None:
    """Write one message as a line."""
    pipe.write(encoded(message) + b"\n")
    pipe.flush()
