"""The coverage phase in two rounds over all operations: first what reaches something of the document, then the rest.

Schemathesis sends some forty cases to each operation, four fifths of which reach nothing that others do not. They may
find something all the same, and are sent; but what a run reaches, it reaches with the cases that are made for it.
"""

from collections.abc import Collection
from typing import Any

from schemathesis import Case
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.result import Err, Result
from schemathesis.core.spec import Scheduler
from schemathesis.engine.context import EngineContext
from schemathesis.engine.run import Phase, PhaseName, unit
from schemathesis.engine.run.unit import _direct_executor as driver
from schemathesis.generation.drivers import CaseGenerator, CoverageGenerator
from schemathesis.schemas import APIOperation

from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.senders import Senders
from suites.contract.reach.goals import Operation, operations
from suites.contract.reach.schemas import Schemas


class Rounds:
    """What each operation is sent in the first round; the second one has all of Schemathesis's cases."""

    def __init__(self, directed: Directed) -> None:
        self._directed = directed
        self._schemas: Schemas | None = None
        self._documented: dict[str, Operation] = {}
        self._rest: set[str] = set()

    def has_rest(self, operation: str) -> bool:
        """Whether something was left for the second round."""
        return operation in self._rest

    def first(self, operation: APIOperation[Any, Any, Any, Any]) -> list[Case[Any]]:
        """Return what the first round sends, the last one first; nothing where that was asked, or nothing is known."""
        if operation.label in self._rest:
            return []
        schemas = self._schemas = self._schemas or self._read(operation)
        documented = self._documented.get(operation.label)
        cases = self._directed.cases(operation, schemas, documented) if documented else []
        if cases:
            self._rest.add(operation.label)
        return cases[::-1]

    def _read(self, operation: APIOperation[Any, Any, Any, Any]) -> Schemas:
        schemas = Schemas(operation.schema.raw_schema)
        self._documented = {one.name: one for one in operations(schemas)}
        return schemas


class Twice:
    """Schemathesis's order of operations, and once more for those that have something left."""

    def __init__(self, first: Scheduler, second: Scheduler, rounds: Rounds) -> None:
        self._first = first
        self._second = second
        self._rounds = rounds

    def next_operation(self) -> Result[Any, InvalidSchema] | None:
        """Return the next operation of this round, then of the next one."""
        found = self._first.next_operation()
        if found is None:
            found = self._second.next_operation()
            while found is not None and (isinstance(found, Err) or not self._rounds.has_rest(found.ok().label)):
                found = self._second.next_operation()
        return found

    def release(self) -> None:
        """Let go of the operation that was given last."""
        self._first.release()
        self._second.release()


def in_rounds(mine: Collection[str], chains: Chains, senders: Senders) -> None:
    """Have the phases that try one operation after another leave out those that are not ours, and go in rounds.

    Schemathesis 4.32 has options that leave operations out, but they hide them from what it learns of the document.
    """
    in_its_order, collect = unit._order_operations, driver._collect_within_budget  # noqa: SLF001
    rounds = Rounds(Directed(chains, senders))

    def order(engine: EngineContext, phase: Phase, operations: list[Result[Any, InvalidSchema]]) -> Scheduler:
        # What cannot be read is nobody's, and everybody reports it.
        ours = [one for one in operations if isinstance(one, Err) or one.ok().label in mine]
        scheduler = in_its_order(engine, phase, ours)
        if phase.name is not PhaseName.COVERAGE:
            return scheduler
        return Twice(scheduler, in_its_order(engine, phase, ours), rounds)

    def collect_round(generator: CaseGenerator, ctx: EngineContext) -> list[Case[Any]]:
        if not isinstance(generator, CoverageGenerator):
            return collect(generator, ctx)
        return rounds.first(generator.operation) or collect(generator, ctx)

    unit._order_operations = order  # noqa: SLF001 - there is no hook for either
    driver._collect_within_budget = collect_round  # noqa: SLF001
