"""The gates of the contract: a sound document, of which enough was reached, and no check of any answer that failed."""

from harness.contract_records import ContractCoverage, DimensionReach, DocumentCheck, OperationReach
from harness.results import Failure, Gate, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import percent_of, plural

KIND = "contract"
NAME = f"{KIND}/operations"
CHECKS = f"{KIND}/checks"
REACH = f"{KIND}/reach"
DOCUMENT = f"{KIND}/document"
FINDINGS = f"{KIND}/findings"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gates, if the contract suite ran or left its evidence."""
    return (*_document_gates(evidence), *_coverage_gates(evidence), *_findings_gates(evidence))


def _document_gates(evidence: Evidence) -> tuple[Gate, ...]:
    check = evidence.document
    command = f"{_command(evidence)} -k test_document"
    if check is None:
        return ()
    if isinstance(check, Unreadable):
        return (unreadable_gate(DOCUMENT, check, command),)
    status = Status.FAIL if check.problems else Status.PASS
    gate = Gate(
        name=DOCUMENT,
        kind=KIND,
        status=status,
        summary=f"{plural(len(check.problems), 'problem')}; snapshot: {check.snapshot}; base: {check.base}",
        evidence=DocumentCheck.FILE,
        reproduce=None if status is Status.PASS else command,
        failures=tuple(Failure(what=problem, reproduce=command) for problem in check.problems),
    )
    return (gate,)


def _findings_gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return a gate for findings that cannot be read; the failures of those that can be are in the coverage too."""
    found = evidence.findings
    return (unreadable_gate(FINDINGS, found, _command(evidence)),) if isinstance(found, Unreadable) else ()


def _command(evidence: Evidence) -> str:
    return evidence.command_of("contract") or "python -m pytest suites/contract"


def _coverage_gates(evidence: Evidence) -> tuple[Gate, ...]:
    coverage = evidence.contract
    command = _command(evidence)
    if coverage is None:
        if "contract" not in evidence.suites:
            return ()
        coverage = Unreadable(ContractCoverage.FILE, f"{ContractCoverage.FILE}: missing")
    if isinstance(coverage, Unreadable):
        return (unreadable_gate(NAME, coverage, command),)
    told = (_gate(coverage, command), _checks_gate(coverage, command))
    return (*told, _reach_gate(coverage, command)) if coverage.fail_under else told


def _gate(coverage: ContractCoverage, command: str) -> Gate:
    unreached = [operation.operation for operation in coverage.operations if not _reached(operation)]
    status = Status.PASS if coverage.operations and not unreached else Status.INCONCLUSIVE
    return Gate(
        name=NAME,
        kind=KIND,
        status=status,
        summary=_summary(coverage, len(unreached)),
        evidence=ContractCoverage.FILE,
        reproduce=None if status is Status.PASS else command,
        failures=tuple(Failure(what=f"not reached: {operation}", reproduce=command) for operation in unreached),
    )


def _checks_gate(coverage: ContractCoverage, command: str) -> Gate:
    cases = sum(operation.cases for operation in coverage.operations)
    broken = plural(len(coverage.failures), "broken promise")
    status = Status.FAIL if coverage.failures else Status.PASS if cases else Status.INCONCLUSIVE
    return Gate(
        name=CHECKS,
        kind=KIND,
        status=status,
        summary=f"{broken} in {plural(cases, 'case')}{_switched_off(coverage)}",
        evidence=ContractCoverage.FILE,
        reproduce=None if status is Status.PASS else next((f.reproduce for f in coverage.failures), None) or command,
        failures=coverage.failures,
    )


def _switched_off(coverage: ContractCoverage) -> str:
    names = ", ".join(coverage.switched_off)
    return f"; the target's configuration of Schemathesis switches off {names}" if names else ""


def _reach_gate(coverage: ContractCoverage, command: str) -> Gate:
    """Judge how much was reached by what the target asks for; with what would reach the rest of what is too little."""
    reached = {dimension.name: dimension for dimension in coverage.dimensions}
    told = [_dimension(name, reached.get(name), wanted) for name, wanted in coverage.fail_under.items()]
    below = {name for name, (status, _) in zip(coverage.fail_under, told, strict=True) if status is Status.FAIL}
    measured = any(_reached(operation) for operation in coverage.operations)
    status = Status.worst(status for status, _ in told) if measured else Status.INCONCLUSIVE
    missing = [one for one in coverage.unreached if one.dimension in below] if measured else []
    return Gate(
        name=REACH,
        kind=KIND,
        status=status,
        summary="; ".join(words for _, words in told) if measured else "nothing was measured",
        evidence=ContractCoverage.FILE,
        reproduce=None if status is Status.PASS else command,
        failures=tuple(Failure(what=f"{one.operation}: {one.what}: {one.how}", reproduce=command) for one in missing),
    )


def _dimension(name: str, reach: DimensionReach | None, wanted: float) -> tuple[Status, str]:
    percent = reach.percent if reach else None
    if reach is None or percent is None:
        return Status.INCONCLUSIVE, f"{name}: the document has none, and {wanted:g}% are asked for"
    status = Status.FAIL if percent < wanted else Status.PASS
    return status, f"{name} {percent_of(percent)} ({reach.reached:,} of {reach.total:,}), {wanted:g}% are asked for"


def _reached(operation: OperationReach) -> bool:
    return bool(operation.cases and operation.statuses)


def _summary(coverage: ContractCoverage, unreached: int) -> str:
    total = len(coverage.operations)
    if not total:
        return "the OpenAPI document has no operations"
    cases = sum(operation.cases for operation in coverage.operations)
    unseen = sum(len(operation.unseen) for operation in coverage.operations)
    reached = f"{total - unreached:,} of {plural(total, 'operation')} reached by {plural(cases, 'case')}"
    return f"{reached}; {plural(unseen, 'documented status', 'documented statuses')} not seen"
