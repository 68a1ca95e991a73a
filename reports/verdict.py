"""The verdict: a pure function of the gates."""

from collections import Counter
from collections.abc import Iterable

from harness.results import Gate, Run, Status, Verdict

_HEADLINES = {
    Status.PASS: "Safe to ship",
    Status.FAIL: "Not safe to ship",
    Status.INCONCLUSIVE: "Not proven",
}


def judge(gates: tuple[Gate, ...], *, run: Run | None = None, target: str = "", notes: tuple[str, ...] = ()) -> Verdict:
    """Return the verdict: the worst status of the gates that decide; without any, nothing was shown."""
    return Verdict(
        run_id=run.id if run else "",
        target=run.target if run else target,
        status=Status.worst(gate.status for gate in gates if gate.accepted is None),
        gates=gates,
        notes=notes,
    )


def headline(verdict: Verdict) -> str:
    """Return the verdict in three words."""
    return _HEADLINES[verdict.status]


def counts(verdict: Verdict) -> str:
    """Return how many gates said what, as `1 failed, 2 inconclusive, 1 accepted, 14 passed`."""
    words = {Status.FAIL: "failed", Status.INCONCLUSIVE: "inconclusive", Status.PASS: "passed"}
    said = Counter("accepted" if gate.accepted else words[gate.status] for gate in verdict.gates)
    order = ("failed", "inconclusive", "accepted", "passed")
    return ", ".join(f"{said[word]:,} {word}" for word in order if said[word]) or "no gates"


def not_passed(gates: Iterable[Gate]) -> list[Gate]:
    """Return the gates that are not `pass`, those that decide first and the worst of them first."""
    order = (Status.FAIL, Status.INCONCLUSIVE)
    return sorted(
        (gate for gate in gates if gate.status is not Status.PASS),
        key=lambda gate: (gate.accepted is not None, order.index(gate.status)),
    )
