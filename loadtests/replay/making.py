"""From what was recorded to a journey of it, for a target that answers. In the run's process."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from harness.errors import Inconclusive
from harness.target import Target
from loadtests.made_journeys import MadeJourneys, NotExercised, ReplayedRequest, ReplayJourney
from loadtests.measuring import Say
from loadtests.openapi_journeys.document import UnusableError
from loadtests.profile import Profile
from loadtests.replay.naming import names_of
from loadtests.replay.recording import origins_of
from loadtests.replay.sending import Sender
from loadtests.replay.things import Sequence

JOURNEY = "Replay"
PROFILE = Path(__file__).parent / "profiles" / "replay.toml"
"""For a replay that is given none."""
MOST_REQUESTS = 2000
MOST_NAMED = 50
FULL = f"it comes after {MOST_REQUESTS} others: choose with --slowest or --failed"


def make_replay(target: Target, base_url: str, sequences: list[Sequence], say: Say) -> MadeJourneys:
    """Make a journey of recorded sequences for a target that answers at `base_url`.

    Raises:
        TargetFileError: the target's auth file is wrong.
        Inconclusive: not one sequence can be sent.

    """
    journey, left = journey_of(Sender(target, names_of(target, base_url, say)), sequences)
    number = sum(len(sequence) for sequence in journey.sequences)
    places = ", ".join(origins_of(sequences)[:3])
    say(f"replay: {number} requests, recorded at {places}: of their addresses only the paths are kept")
    return MadeJourneys(journeys=(journey,), not_exercised=left)


def journey_of(sender: Sender, sequences: Iterable[Sequence]) -> tuple[ReplayJourney, tuple[NotExercised, ...]]:
    """Return a journey of the first sequences, up to `MOST_REQUESTS`, and the others with the reasons.

    Raises:
        Inconclusive: not one sequence can be sent.

    """
    sent: list[tuple[ReplayedRequest, ...]] = []
    left: Counter[tuple[str, str]] = Counter()
    room = MOST_REQUESTS
    for recorded in sequences:
        if len(recorded) > room:
            left[sender.name_of(recorded[-1]), FULL] += 1
            continue
        try:
            sent.append(sender.sequence(recorded))
            room -= len(recorded)
        except UnusableError as error:
            left[sender.name_of(recorded[-1]), str(error)] += 1
    named = tuple(_named(left))
    if not sent:
        said = "; ".join(f"{one.operation}: {one.reason}" for one in named[:3])
        raise Inconclusive(f"not one recorded request can be replayed: {said}")
    return ReplayJourney(name=JOURNEY, sequences=tuple(sent)), named


def fitted(profile: Profile) -> Profile:
    """Return a profile whose arrivals are all those of the replay."""
    return msgspec.structs.replace(profile, journeys={JOURNEY: 1.0})


def name_of(profile: Path) -> str:
    """Return under which name the results of a replay with a profile go: no other run's."""
    return profile.stem if profile == PROFILE else f"replay-{profile.stem}"


def _named(left: Counter[tuple[str, str]]) -> Iterator[NotExercised]:
    """Yield what is left out, each operation and reason once."""
    for (operation, reason), times in list(left.items())[:MOST_NAMED]:
        yield NotExercised(operation=operation, reason=f"{reason} ({times} times)" if times > 1 else reason)
    if len(left) > MOST_NAMED:
        yield NotExercised(operation="others", reason=f"{len(left) - MOST_NAMED} more, for such reasons")
