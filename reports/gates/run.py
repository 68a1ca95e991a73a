"""Gates of the run itself: every part that it asked for came to an end and left its evidence."""

from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS
from harness.results import Failure, Gate, Part, Run, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import plural

KIND = "run"
PARTS = f"{KIND}/parts"
WHOLE_RUN = "make prove"

_PYTEST_NO_TESTS = 5
_ENDED_BY_ITSELF = {EXIT_PASS, EXIT_FAIL, EXIT_INCONCLUSIVE, _PYTEST_NO_TESTS}


def gates(evidence: Evidence, others: tuple[Gate, ...]) -> tuple[Gate, ...]:
    """Return the gate of the run; `others` are the gates that its parts' evidence gave.

    Without a run record the parts were run alone: then only the absence of any evidence needs saying.
    """
    if isinstance(evidence.run, Unreadable):
        return (unreadable_gate(PARTS, evidence.run, WHOLE_RUN),)
    if evidence.run is not None:
        return (_parts(evidence.run, evidence, others),)
    return () if others else (_nothing(),)


def _nothing() -> Gate:
    return Gate(
        name=f"{KIND}/evidence",
        kind=KIND,
        status=Status.INCONCLUSIVE,
        summary="there is no evidence in the results folder",
        reproduce=WHOLE_RUN,
    )


def _parts(run: Run, evidence: Evidence, others: tuple[Gate, ...]) -> Gate:
    doubts = [(part, doubt) for part in run.parts if (doubt := _doubt(part, evidence, others))]
    sound = bool(run.parts and run.finished) and not doubts
    return Gate(
        name=PARTS,
        kind=KIND,
        status=Status.PASS if sound else Status.INCONCLUSIVE,
        summary=_summary(run, [part.name for part, _ in doubts]),
        evidence=Run.FILE,
        reproduce=None if sound else doubts[0][0].command if doubts else WHOLE_RUN,
        failures=tuple(Failure(what=f"{part.name}: {doubt}", reproduce=part.command) for part, doubt in doubts),
    )


def _summary(run: Run, doubtful: list[str]) -> str:
    if not run.parts:
        return "the run asked for no part"
    unsound = len(doubtful)
    if not run.finished:
        doubtful = [*doubtful, "whatever was to follow, for the run was interrupted"]
    sound = f"{len(run.parts) - unsound:,} of {plural(len(run.parts), 'part')} left sound evidence"
    return f"{sound}; not: {', '.join(doubtful)}" if doubtful else sound


def _doubt(part: Part, evidence: Evidence, others: tuple[Gate, ...]) -> str | None:
    """Why this part's evidence cannot be trusted; None if it can."""
    lacking = evidence.lacking.get(part.name, ())
    if part.exit_code is None:
        return "interrupted" if part.seconds else "not run"
    if part.exit_code not in _ENDED_BY_ITSELF:
        return f"crashed or was refused: exit code {part.exit_code}"
    if lacking and not _explained(part, others, Status.FAIL):
        return f"left no {' and no '.join(lacking)} (exit code {part.exit_code})"
    if part.exit_code != EXIT_PASS and not _explained(part, others, Status.FAIL, Status.INCONCLUSIVE):
        return f"ended with exit code {part.exit_code}, but its evidence shows nothing wrong"
    return None


def _explained(part: Part, others: tuple[Gate, ...], *statuses: Status) -> bool:
    """Whether a gate from this part's evidence says why it did not end with 0."""
    return any(gate.status in statuses for gate in others if part.name in {gate.kind, gate.name.split("/")[1]})
