"""The gate of evidence that cannot be read: nothing is known, so it is inconclusive and names the file."""

from harness.results import Gate, Status
from reports.evidence import Unreadable


def unreadable_gate(name: str, evidence: Unreadable, reproduce: str | None) -> Gate:
    """Return the gate that stands in for those that the file would have given."""
    return Gate(
        name=name,
        kind=name.split("/", 1)[0],
        status=Status.INCONCLUSIVE,
        summary=evidence.problem,
        evidence=evidence.file,
        reproduce=reproduce,
    )
