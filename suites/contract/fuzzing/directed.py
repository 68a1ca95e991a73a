"""The cases that are made for one operation: who sends them, and which calls of other operations go before them.

They begin with one valid call, the simplest there is, on things that are there for it: what links of the document lead
from is called first. Then it is varied, to the edges of its schema, and to provoke what the document has as answers.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from schemathesis import Case
from schemathesis.auths import AuthContext, set_on_case
from schemathesis.core import NOT_SET
from schemathesis.engine.run import PhaseName
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from suites.contract.fuzzing.aimed import aimed
from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.links import Described, Links
from suites.contract.fuzzing.odd_values import of_each_shape, with_odd_values
from suites.contract.fuzzing.provoked import Scene, provoked, repeated
from suites.contract.fuzzing.senders import Senders, without_credentials
from suites.contract.fuzzing.variants import Call, another, simplest, with_own_key
from suites.contract.laws.offers import KEY
from suites.contract.reach.goals import Operation, goals
from suites.contract.reach.schemas import Schemas

OF_ANSWERS = frozenset({"operations", "statuses"})
"""What only an answer shows: no call can be made for it."""


class Step(NamedTuple):
    """A call of another operation, and the link that leads on from its answer, if it is not sent for itself."""

    case: Case[Any]
    link: OpenApiLink | None


class Directed:
    """Makes cases for what a document says of an operation, on things that are there for them."""

    def __init__(self, chains: Chains, senders: Senders) -> None:
        self._chains = chains
        self._senders = senders
        self._links: Links | None = None
        self._valid: dict[str, Case[Any] | None] = {}

    def cases(self, operation: Described, schemas: Schemas, documented: Operation) -> list[Case[Any]]:
        """Return them in the order to send them."""
        valid = self._valid_call(operation)
        if valid is None:
            return []
        models = [valid, *map(without_credentials, itertools.islice(_made(operation), 1))]
        wanted = [goal for goal in goals(documented, schemas) if goal.missing.dimension not in OF_ANSWERS]
        takes_input = bool(documented.parameters) or valid.body is not NOT_SET
        scene = Scene(valid, self._senders.others(operation), takes_input)
        calls = [  # what changes nothing comes first: what is there for it is there still
            *provoked(scene, documented.statuses),
            *aimed(schemas, documented, models, wanted),
            *with_odd_values(schemas, documented, [valid, *self._shapes(operation)]),
            *repeated(scene, documented.statuses),
        ]
        way = self._way(operation)
        return [*(step.case for step in way), *self._sent(calls, way)]

    @staticmethod
    def _shapes(operation: Described) -> Iterator[Case[Any]]:
        return map(without_credentials, of_each_shape(_made(operation)))

    def _sent(self, calls: Sequence[Call], way: Sequence[Step]) -> Iterator[Case[Any]]:
        for number, (case, identity, kept) in enumerate(calls):
            self._follow(case, way, kept)
            self._sign(case if KEY in map(str.lower, kept) else with_own_key(case, number), identity)
            yield case

    def _way(self, operation: Described) -> list[Step]:
        """Return valid calls of other operations, or none where one of them is not to be had."""
        way: list[Step] = []
        for source, link in self._sources(operation):
            valid = self._valid_call(source)
            if valid is None:
                return []
            step = Step(another(valid), link)
            self._follow(step.case, way)
            self._sign(with_own_key(step.case, len(way)), None)
            self._chains.lead(step.case, operation.label)
            way.append(step)
        return way

    def _sources(self, operation: Described) -> Iterator[tuple[Described, OpenApiLink | None]]:
        """Yield what has to be called first; a list is filled before something is taken from it."""
        self._links = self._links or Links(operation.schema)
        for link in self._links.way_to(operation):
            if filling := self._links.filling(link):
                yield filling, None
            yield link.source, link

    def _follow(self, case: Case[Any], way: Sequence[Step], kept: Sequence[str] = ()) -> None:
        """Have a case wait for the last call of the way."""
        for source, link in way[-1:]:
            if link is not None:
                self._chains.follow(case, source, link, kept)

    def _sign(self, case: Case[Any], identity: str | None) -> None:
        if identity is not None:
            self._senders.send_as(case, identity)
        else:
            set_on_case(case, AuthContext(operation=case.operation, app=case.operation.app), None)

    def _valid_call(self, operation: Described) -> Case[Any] | None:
        if operation.label not in self._valid:
            found = next(_valid_calls(operation), None)
            self._valid[operation.label] = simplest(without_credentials(found)) if found else None
        return self._valid[operation.label]


def _valid_calls(operation: Described) -> Iterator[Case[Any]]:
    """Yield calls that are meant to succeed: the document's examples know best, then come made ones."""
    yield from _examples(operation, fill_missing=False)
    yield from _made(operation)
    yield from _examples(operation, fill_missing=True)


def _made(operation: Described) -> Iterator[Case[Any]]:
    phase = PhaseName.COVERAGE.value
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=[GenerationMode.POSITIVE],
        generation_config=operation.schema.config.generation_for(operation=operation, phase=phase),
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )


def _examples(operation: Described, *, fill_missing: bool) -> Iterator[Case[Any]]:
    yield from ExamplesGenerator(
        operation=operation, override=Override(), feedback=NO_FEEDBACK, fill_missing=fill_missing
    )
