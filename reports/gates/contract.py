"""The gate of contract coverage: the tests reached every operation. What they found is a suite's gate."""

from harness.results import ContractCoverage, Failure, Gate, OperationReach, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import plural

KIND = "contract"
NAME = f"{KIND}/operations"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gate, if the contract suite ran or left its coverage."""
    coverage = evidence.contract
    command = evidence.command_of("contract") or "python -m pytest suites/contract"
    if coverage is None:
        if "contract" not in evidence.suites:
            return ()
        coverage = Unreadable(ContractCoverage.FILE, f"{ContractCoverage.FILE}: missing")
    if isinstance(coverage, Unreadable):
        return (unreadable_gate(NAME, coverage, command),)
    return (_gate(coverage, command),)


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
