"""From a document and exchanges to what of the document they reached."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from typing import Any

import msgspec

from harness.contract_records import DIMENSIONS, DimensionReach, OperationReach, Unreached
from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.goals import Goal, Operation, goals, is_documented_as, operations
from suites.contract.reach.schemas import Schemas


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What was reached of each operation and of each dimension, and what was not."""

    operations: tuple[OperationReach, ...]
    dimensions: tuple[DimensionReach, ...]
    unreached: tuple[Unreached, ...]


def measure(document: Mapping[str, Any], exchanges: Iterable[Exchange], only: Container[str] | None = None) -> Reach:
    """Return what the exchanges reached of the document, or of some operations of it (`METHOD /path`)."""
    schemas = Schemas(document)
    sent: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        sent[exchange.operation].append(exchange)
    found = [operation for operation in operations(schemas) if only is None or operation.name in only]
    total: dict[str, int] = defaultdict(int)
    unreached: list[Unreached] = []
    for operation in found:
        wanted = list(goals(operation, schemas))
        for goal in wanted:
            total[goal.missing.dimension] += 1
        unreached += [goal.missing for goal in _left(wanted, sent[operation.name])]
    return Reach(
        operations=tuple(_operation_reach(operation, sent[operation.name]) for operation in found),
        dimensions=tuple(_dimension(name, total[name], unreached) for name in DIMENSIONS) if found else (),
        unreached=tuple(unreached),
    )


def amounts(document: Mapping[str, Any], only: Container[str]) -> dict[str, int]:
    """Return how much there is to reach of some operations."""
    schemas = Schemas(document)
    return {one.name: sum(1 for _ in goals(one, schemas)) for one in operations(schemas) if one.name in only}


def _left(wanted: list[Goal], exchanges: list[Exchange]) -> list[Goal]:
    """Return the goals that no exchange reaches."""
    for exchange in exchanges:
        wanted = [goal for goal in wanted if not goal.is_reached_by(exchange)]
    return wanted


def _operation_reach(operation: Operation, exchanges: list[Exchange]) -> OperationReach:
    seen = sorted({exchange.status for exchange in exchanges})
    documented = operation.statuses
    return OperationReach(
        operation=operation.name,
        cases=len(exchanges),
        statuses=tuple(seen),
        unseen=tuple(
            status for status in documented if not any(is_documented_as(one, status, documented) for one in seen)
        ),
    )


def _dimension(name: str, total: int, unreached: list[Unreached]) -> DimensionReach:
    missing = sum(one.dimension == name for one in unreached)
    return DimensionReach(name=name, reached=total - missing, total=total)
