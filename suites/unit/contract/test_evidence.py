"""What the contract fails by, and what a waiver accepts until its day."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from harness.contract_findings import ContractFinding, ContractFindings
from harness.launch import Launched
from harness.waivers import accepted_by, read_waivers
from suites.contract.evidence import failures_of
from suites.contract.isolation import Isolation

FINDING = ContractFinding(
    id="0bf3d7a7",
    code="F101",
    fault="answer does not match its schema",
    operation="GET /users/{user_id}",
    check="response_schema_conformance",
    message='"name" is a required property',
    phase="coverage",
    seen=3,
    seed=1,
    steps=(),
    curl=("curl http://127.0.0.1/users/1",),
    har_entries=(0,),
    reproduce="python -m pytest suites/contract",
    reproduced=True,
)
WAIVERS = """
[[contract]]
match = "F101 GET /users/{user_id} response_schema_conformance: *"
reason = "old clients"
owner = "alice"
expires = 2026-03-01
"""


def findings(*found: ContractFinding) -> ContractFindings:
    return ContractFindings(seed=1, isolation="", restores=0, clones=0, findings=found)


@pytest.mark.parametrize(("today", "failures"), [("2026-03-01", 0), ("2026-03-02", 1)])
def test_accepted_finding_comes_back(today: str, failures: int, tmp_path: Path) -> None:
    """A waiver of a contract finding holds until the end of its day, and then the finding fails again."""
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    waivers = read_waivers(tmp_path / "waivers.toml").contract
    accepted = accepted_by(waivers, FINDING.name, dt.date.fromisoformat(today))
    found = msgspec.structs.replace(FINDING, accepted=str(accepted) if accepted else None)
    assert len(failures_of(findings(found))) == failures


def test_failure_names_cause_and_command() -> None:
    """A finding fails with its operation, fault code, curl line and the line that runs it again."""
    (failure,) = failures_of(findings(FINDING))
    for part in ("GET /users/{user_id}", "F101", "curl http://127.0.0.1/users/1", "shown again"):
        assert part in failure.what
    assert failure.reproduce == FINDING.reproduce


def test_foreign_target_is_left_alone() -> None:
    """A target that somebody else runs is never restored, and the evidence says so."""
    isolation = Isolation(Launched("http://127.0.0.1:1", (), None))
    isolation.restore()
    assert str(isolation).startswith("none: the target runs elsewhere")
    assert isolation.restores == 0
