"""Rules over evidence: one module per kind, each a pure function from the evidence to its gates.

A gate's name is `kind/what` with parts separated by slashes; that is what a waiver matches.
"""

from harness.results import Gate
from reports.evidence import Evidence
from reports.gates import contract, load, run, security, suites, target

_KINDS = (target.gates, suites.gates, contract.gates, load.gates, security.gates)


def all_gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gates of all kinds, the run's own last."""
    gates = tuple(gate for kind in _KINDS for gate in kind(evidence))
    return gates + run.gates(evidence, gates)
