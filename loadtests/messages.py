"""What a run and its engine say to each other: one JSON document per line.

```
run                            engine
Plan  ──────────────────────▶  imports Locust and the journeys
      ◀──────────────────────  Ready, or Refused
(the target is launched)
Go    ──────────────────────▶  starts the users, then the schedule
      ◀──────────────────────  Second, each second
      ◀──────────────────────  Report, or Refused
(closes the pipe)  ─────────▶  ends early; also when the run was killed
```
"""

from typing import IO, TypeVar

import msgspec

from harness.results import Arrivals, Record
from loadtests.openapi_journeys.records import MadeJourneys
from loadtests.profile import Profile


class Plan(Record, frozen=True, tag=True):
    """What the engine is to do. `file`: the profile's path, for messages; folders are absolute.

    `journeys` is None for those that are made of the target's document once it answers; they come with `Go`.
    """

    profile: Profile
    file: str
    journeys: str | None
    results: str
    output: str
    seed: int


class Ready(Record, frozen=True, tag=True):
    """The journeys are imported and fit the profile."""


class Go(Record, frozen=True, tag=True):
    """The target answers at `base_url`: begin. `made`: its journeys, with the `profile` that goes with them."""

    base_url: str
    made: MadeJourneys | None = None
    profile: Profile | None = None


class Refused(Record, frozen=True, tag=True):
    """The engine cannot; the sentence for the user, and the exit code that goes with it."""

    message: str
    exit_code: int


class Second(Record, frozen=True, tag=True):
    """One second of the run: what happened in it, whenever it was due. `cpu`: share of one core.

    `unanswered`: failures without any HTTP status (refused, reset, timed out). Percentiles: None without answers.
    """

    second: int
    stage: str
    warm_up: bool
    started: int
    answered: int
    failures: int
    unanswered: int
    in_flight: int
    late: int
    dropped: int
    response_p50_ms: float | None
    response_p99_ms: float | None
    cpu: float


class StageReport(Record, frozen=True):
    """The arrivals of one stage."""

    stage: int
    arrivals: Arrivals


class SeriesReport(Record, frozen=True):
    """One endpoint in one stage; the two histograms are encoded."""

    stage: int
    endpoint: str
    failures: int
    service: str
    response: str


class Report(Record, frozen=True, tag=True):
    """What one engine measured. `errors`: sentence and how often; `ended_s`: seconds from the start."""

    stages: tuple[StageReport, ...]
    series: tuple[SeriesReport, ...]
    lag: str
    errors: dict[str, int]
    ended_s: float
    interrupted: bool


Answer = Ready | Refused | Second | Report

M = TypeVar("M")


def send(pipe: IO[bytes], message: msgspec.Struct) -> None:
    """Write one message."""
    pipe.write(msgspec.json.encode(message) + b"\n")
    pipe.flush()


def receive(pipe: IO[bytes], decoder: msgspec.json.Decoder[M]) -> M | None:
    """Read the next message; None at the end."""
    line = pipe.readline()
    return decoder.decode(line) if line else None
