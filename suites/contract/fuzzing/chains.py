"""Calls that need what an earlier one made: a link of the document leads from its answer to their parameters.

Schemathesis follows links in its last phase, to wherever chance leads; here a call that has a link follows it at once.
"""

from collections.abc import Collection, Mapping
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.result import Ok
from schemathesis.core.transforms import UNRESOLVABLE
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.specs.openapi.expressions import MultiMatch
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from suites.contract.findings.causes import CHANGING
from suites.contract.laws.offers import VERSION
from suites.contract.reach.goals import is_documented_as


class Chains:
    """The cases that wait for the answer to another one."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, OpenApiLink, frozenset[str]]] = {}
        self._led: dict[str, str] = {}
        self._answers: dict[str, StepOutput] = {}
        self._versions: dict[str, str] = {}

    def lead(self, case: Case[Any], operation: str) -> None:
        """Note that a case is sent for the sake of those of another operation, which follow it."""
        self._led[case.id] = operation

    def place_of(self, case: Case[Any]) -> str:
        """Return for which operation a case is sent."""
        return self._led.get(case.id, case.operation.label)

    def follow(self, case: Case[Any], source: Case[Any], link: OpenApiLink, kept: Collection[str] = ()) -> None:
        """Have a case take what a link takes from the answer to its source, but for the parameters that it keeps."""
        self._waiting[case.id] = (source.id, link, frozenset(map(str.lower, kept)))

    def source_of(self, case: Case[Any]) -> str | None:
        """Return the id of the case whose answer a case is about, if it is about that."""
        source, _, kept = self._waiting.get(case.id, (None, None, frozenset[str]()))
        return None if kept else source

    def fill(self, case: Case[Any]) -> None:
        """Put into a case what its link says; where that says nothing, the case stays as it was made."""
        if case.id not in self._waiting:
            return
        source, link, kept = self._waiting[case.id]
        output = self._answers.get(source)
        if output is None or not is_documented_as(output.response.status_code, link.status_code, ()):
            return
        for container, parameters in link.extract(output).parameters.items():
            values = {name: self._value(name, source, one.value) for name, one in parameters.items()}
            taken = {name: value for name, value in values.items() if value is not None and name.lower() not in kept}
            getattr(case, container).update(taken)
        if VERSION not in kept and (link.source.method.upper() in CHANGING or link.source.path == case.path):
            self._fill_version(case, source, output.response)

    def _fill_version(self, case: Case[Any], source: str, answer: Response) -> None:
        """Give a call that names the version which it is about the one of its source, whether a link says so or not."""
        for name in [one.name for one in case.operation.headers if one.name.lower() == VERSION]:
            if "etag" in answer.headers:
                for other in [key for key in case.headers if key.lower() == VERSION]:
                    del case.headers[other]
                case.headers[name] = self._versions.get(source, answer.headers["etag"][0])

    def note(self, case: Case[Any], response: Response) -> None:
        """Keep an answer that somebody waits for, and which version a call has made of what its source had made."""
        if case.id in self._led:
            self._answers[case.id] = StepOutput(response, case)
        elif case.id in self._waiting and "etag" in response.headers:
            source, _, _ = self._waiting[case.id]
            self._versions[source] = response.headers["etag"][0]

    def _value(self, name: str, source: str, extracted: Any) -> Any:
        """Return what was extracted, or the version that is known since."""
        return self._versions.get(source, _value(extracted)) if name.lower() == VERSION else _value(extracted)


def _value(extracted: Any) -> Any:
    """Return what was extracted; of several values the first one, and None where there is none."""
    value = extracted.ok() if isinstance(extracted, Ok) else None
    if isinstance(value, MultiMatch):
        value = next(iter(value.values), None)
    return None if value is UNRESOLVABLE or isinstance(value, Mapping | list) else value


def in_chains() -> Chains:
    """Put chains into the engine, and into what it records: findings are shown with what they were made from."""
    chains, record = Chains(), ScenarioRecorder.record_case

    def record_with_source(recorder: ScenarioRecorder, *, case: Case[Any], **more: Any) -> None:
        record(recorder, case=case, **{"parent_id": chains.source_of(case), **more})

    ScenarioRecorder.record_case = record_with_source  # type: ignore[method-assign] # there is no hook for it

    @schemathesis.hook
    def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        chains.fill(case)

    @schemathesis.hook
    def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
        chains.note(case, response)

    return chains
