"""The gate of the target itself: it could be prepared and started, and its identities could log in."""

from harness.errors import EXIT_FAIL
from harness.results import Gate, Part, Status, TargetCheck
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import plural

KIND = "target"
NAME = f"{KIND}/start"
CHECK = "python -m harness check"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gate, if the target was checked. A target that fails to start is at fault, not unknown."""
    check = evidence.target
    part = next((part for part in evidence.parts if part.name == "target"), None)
    if isinstance(check, Unreadable):
        return (unreadable_gate(NAME, check, part.command if part else CHECK),)
    if check is not None:
        return (_started(check),)
    return (_not_started(part),) if part else ()


def _started(check: TargetCheck) -> Gate:
    logged_in = plural(len(check.identities), "identity", "identities")
    return Gate(
        name=NAME,
        kind=KIND,
        status=Status.PASS,
        summary=f"ready in {check.ready_s:.1f} s; {logged_in} could log in",
        evidence=TargetCheck.FILE,
    )


def _not_started(part: Part) -> Gate:
    failed = part.exit_code == EXIT_FAIL
    ended = "did not end" if part.exit_code is None else f"ended with exit code {part.exit_code}"
    return Gate(
        name=NAME,
        kind=KIND,
        status=Status.FAIL if failed else Status.INCONCLUSIVE,
        summary="the target failed to start" if failed else f"the target could not be checked: the check {ended}",
        reproduce=part.command,
    )
