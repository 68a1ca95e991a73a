"""The coverage phase in two rounds over all operations: first what reaches something of the document, then the rest.

Schemathesis sends some forty cases to each operation, four fifths of which reach nothing that others do not. They may
find something all the same, and are sent; but what a run reaches, it reaches in its first round.
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
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.schemas import APIOperation

from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.edges import as_exchange
from suites.contract.fuzzing.senders import Senders
from suites.contract.reach.goals import Goal, Operation, goals, operations
from suites.contract.reach.schemas import Schemas

OF_ANSWERS = frozenset({"operations", "statuses"})
"""What only an answer shows: no case can be chosen for it."""


class Rounds:
    """Divides the cases of each operation; the goals are those of `suites/contract/reach`."""

    def __init__(self, directed: Directed) -> None:
        self._directed = directed
        self._schemas: Schemas | None = None
        self._documented: dict[str, Operation] = {}
        self._rest: dict[str, list[Case[Any]]] = {}

    def has_rest(self, operation: str) -> bool:
        """Whether something was left for the second round."""
        return bool(self._rest.get(operation))

    def take_rest(self, operation: str) -> list[Case[Any]]:
        """Return what the first round left, once."""
        return self._rest.pop(operation, [])

    def take_first(self, operation: APIOperation[Any, Any, Any, Any], cases: list[Case[Any]]) -> list[Case[Any]]:
        """Return what the first round sends, in the given order, and keep the rest."""
        schemas = self._schemas = self._schemas or self._read(operation)
        documented = self._documented.get(operation.label)
        wanted = list(goals(documented, schemas)) if documented else []
        chosen, left = _promising(operation.label, cases, [goal for goal in wanted if _is_of_requests(goal)])
        self._rest[operation.label] = [case for case in cases if case.id not in chosen]
        first = [case for case in cases if case.id in chosen]
        if documented is None:
            return first
        # The last one is sent first; what changes things for good, or says nothing of who sends it, should come late.
        return [*reversed(self._directed.cases(operation, schemas, documented, cases, left)), *first]

    def _read(self, operation: APIOperation[Any, Any, Any, Any]) -> Schemas:
        schemas = Schemas(operation.schema.raw_schema)
        self._documented = {one.name: one for one in operations(schemas)}
        return schemas


def _is_of_requests(goal: Goal) -> bool:
    return goal.missing.dimension not in OF_ANSWERS


def _promising(operation: str, cases: list[Case[Any]], wanted: list[Goal]) -> tuple[set[str], list[Goal]]:
    """Return the ids of cases that reach a goal first, and of the first one of each kind, for the answers' sake.

    Also return the goals that no case reaches.
    """
    chosen, kinds = set(), set()
    for case in reversed(cases):
        exchange = as_exchange(case)
        left = [goal for goal in wanted if exchange.operation != operation or not goal.is_reached_by(exchange)]
        kind = _kind(case)
        if len(left) < len(wanted) or kind not in kinds:
            chosen.add(case.id)
            kinds.add(kind)
            wanted = left
    return chosen, wanted


def _kind(case: Case[Any]) -> tuple[object, ...]:
    meta = case.meta
    if meta is None or not isinstance(meta.phase.data, CoveragePhaseData):
        return ()
    return (meta.generation.mode, meta.phase.data.parameter_location)


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
        if rounds.has_rest(generator.operation.label):
            return rounds.take_rest(generator.operation.label)
        return rounds.take_first(generator.operation, collect(generator, ctx))

    unit._order_operations = order  # noqa: SLF001 - there is no hook for either
    driver._collect_within_budget = collect_round  # noqa: SLF001
