"""How reach grows while exchanges arrive: which of them reaches something new, and when."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from harness.contract_records import DIMENSIONS
from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.goals import Goal, goals, operations
from suites.contract.reach.schemas import Schemas


class Gain(msgspec.Struct, frozen=True):
    """What one exchange reached first: the `number`th that was answered, `at_s` seconds after the beginning."""

    number: int
    at_s: float
    dimensions: dict[str, int]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a curve: how many exchanges it had, when the first one was answered, what was gained when."""

    totals: dict[str, int]
    exchanges: int
    first_s: float
    gains: tuple[Gain, ...]

    def after(self, exchanges: int) -> float:
        """Return the share of all there is to reach that so many exchanges reached."""
        return self._share(gain for gain in self.gains if gain.number <= exchanges)

    def at(self, seconds: float) -> float:
        """Return the share that was reached so many seconds after the beginning."""
        return self._share(gain for gain in self.gains if gain.at_s <= seconds)

    def reached(self) -> dict[str, int]:
        """Return how much of each dimension was reached in the end."""
        return {name: sum(gain.dimensions.get(name, 0) for gain in self.gains) for name in DIMENSIONS}

    def when(self, things: int) -> float | None:
        """Return after how many seconds so many things had been reached; None when they never were."""
        count = 0
        for gain in self.gains:
            count += sum(gain.dimensions.values())
            if count >= things:
                return gain.at_s
        return None

    def _share(self, gains: Iterable[Gain]) -> float:
        return sum(sum(gain.dimensions.values()) for gain in gains) / sum(self.totals.values())


def growth(document: Mapping[str, Any], exchanges: Iterable[Exchange], began: float) -> Growth:
    """Return how reach grew since `began` (seconds, as `Exchange.at`), whatever order the exchanges come in."""
    schemas = Schemas(document)
    left = {operation.name: list(goals(operation, schemas)) for operation in operations(schemas)}
    totals = Counter(goal.missing.dimension for wanted in left.values() for goal in wanted)
    sent = sorted(exchanges, key=lambda exchange: exchange.at)
    gains: list[Gain] = []
    for number, exchange in enumerate(sent, 1):
        found = [goal for goal in left.get(exchange.operation, ()) if goal.is_reached_by(exchange)]
        if found:
            left[exchange.operation] = _without(left[exchange.operation], found)
            dimensions = Counter(goal.missing.dimension for goal in found)
            gains.append(Gain(number, exchange.at - began, dict(dimensions)))
    first_s = sent[0].at - began if sent else 0.0
    return Growth(totals=dict(totals), exchanges=len(sent), first_s=first_s, gains=tuple(gains))


def _without(wanted: list[Goal], found: list[Goal]) -> list[Goal]:
    gone = set(map(id, found))
    return [goal for goal in wanted if id(goal) not in gone]
