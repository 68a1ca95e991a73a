"""The gates of the contract: every operation was reached, and no check of any answer failed."""

from harness.results import ContractCoverage, Failure, Gate, OperationReach, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import plural

KIND = "contract"
NAME = f"{KIND}/operations"
CHECKS = f"{KIND}/checks"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gates, if the contract suite ran or left its coverage."""
    coverage = evidence.contract
    command = evidence.command_of("contract") or "python -m pytest suites/contract"
    if coverage is None:
        if "contract" not in evidence.suites:
            return ()
        coverage = Unreadable(ContractCoverage.FILE, f"{ContractCoverage.FILE}: missing")
    if isinstance(coverage, Unreadable):
        return (unreadable_gate(NAME, coverage, command),)
    return (_gate(coverage, command), _checks_gate(coverage, command))


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
        summary=f"{broken} in {plural(cases, 'case')}",
        evidence=ContractCoverage.FILE,
        reproduce=None if status is Status.PASS else next((f.reproduce for f in coverage.failures), None) or command,
        failures=coverage.failures,
    )


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
