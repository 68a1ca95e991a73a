"""What a service promises in its OpenAPI document, it keeps: every operation, and every check of Schemathesis.

What the target's own configuration of Schemathesis switches off is told in the evidence, and in the verdict.
"""

import pytest

from harness.contract_findings import ContractFindings
from harness.results import Failure
from suites.contract.findings.evidence import failures_of
from suites.contract.fuzzing.run import FuzzRun

pytestmark = pytest.mark.timeout(0)  # a run of Schemathesis has a limit of its own, --longest-s


def test_run_is_complete(fuzzing: FuzzRun) -> None:
    """Schemathesis ran to its end, in every phase, without errors of its own."""
    assert fuzzing.complete, f"{fuzzing.stop_reason}:{fuzzing.output}"
    assert not fuzzing.errors, "\n".join(fuzzing.errors)
    assert fuzzing.interrupted == ()


def test_every_operation_is_reached(fuzzing: FuzzRun, documented: dict[str, tuple[str, ...]]) -> None:
    """Every documented operation was called and answered at least once."""
    assert sorted(documented.keys() - fuzzing.statuses.keys()) == []


def test_every_check_passes(findings: ContractFindings) -> None:
    """No answer breaks the contract, and no request ends the target."""
    broken = failures_of(findings)
    if broken:
        shown = (_line(failure) for failure in broken)
        pytest.fail("\n".join([f"{len(broken)} broken promises:", *shown]), pytrace=False)


def _line(failure: Failure) -> str:
    return f"{failure.what}\n    reproduce: {failure.reproduce}" if failure.reproduce else failure.what


def test_laws_are_tried(findings: ContractFindings, pytestconfig: pytest.Config) -> None:
    """What the document offers, and takes several calls to check, could be checked; one operation alone may not do."""
    if not pytestconfig.option.operation:
        untried = {law.law: sorted({*law.offered} - {*law.tried, *law.blind}) for law in findings.laws}
        refused = [line for law in findings.laws for line in law.refused]
        assert [(law, operations) for law, operations in untried.items() if operations] == [], "\n".join(refused)
