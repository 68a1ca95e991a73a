"""A dozen contract faults, each on an operation of its own, planted from outside: each becomes a finding of its own."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.contract_findings import ContractFinding, ContractFindings
from harness.errors import EXIT_FAIL
from harness.results import Results

EXPECTED = {
    "wrong_status": ("F101", "GET /api/auth/sessions", "status_code_conformance"),
    "undocumented_field": ("F101", "GET /api/auth/me", "undocumented_field"),
    "missing_field": ("F101", "GET /api/users/{user_id}", "response_schema_conformance"),
    "error_on_odd_text": ("F100", "POST /api/pipelines", "not_a_server_error"),
    "accepts_invalid": ("F102", "POST /api/registrations", "negative_data_rejection"),
    "rejects_valid": ("F900", "POST /api/tokens", "positive_data_acceptance"),
    "keeps_deleted": ("F103", "DELETE /api/pipelines/{pipeline_id}", "deleted_is_gone"),
    "open_door": ("F207", "GET /api/users/{user_id}/sessions", "ignored_auth"),
    "wrong_content_type": ("F101", "GET /livez", "content_type_conformance"),
    "lacks_header": ("F101", "GET /api/pipelines/statistics", "response_headers_conformance"),
    "lost_update": ("F902", "PATCH /api/pipelines/{pipeline_id}", "second_writer_is_refused"),
    "double_effect": ("F903", "POST /api/pipelines/{pipeline_id}/logs", "key_has_one_effect"),
}
SAMPLE = ("missing_field", "lost_update")
OPERATIONS = [word for _, operation, _ in EXPECTED.values() for word in ("--operation", operation)]
CONTRACT = (
    *("-m", "pytest", "suites/contract", "--target", "suites/specimens/target.toml", "--services", "embedded"),
    *("--seed", "1", "--max-examples", "3"),
)


def run(fault: str, results: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command, "--results", results],
        env={**os.environ, "FAULT": fault},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def findings(results: Path) -> list[ContractFinding]:
    return list(Results(results).read(ContractFindings).findings)


def named(found: list[ContractFinding], fault: str) -> list[ContractFinding]:
    code, operation, check = EXPECTED[fault]
    return [one for one in found if (one.code, one.operation, one.check) == (code, operation, check)]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[ContractFinding]]:
    """Return what one run over all of them found, by fault."""
    results = tmp_path_factory.mktemp("broken")
    done = run("broken_contract", results, (*CONTRACT, *OPERATIONS))
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    found = findings(results)
    return {fault: named(found, fault) for fault in EXPECTED}


@pytest.mark.parametrize("fault", EXPECTED)
def test_fault_is_named_and_shown_again(broken: Mapping[str, list[ContractFinding]], fault: str) -> None:
    """The fault is a finding with its code, its operation and its check, that a fresh target shows again."""
    assert broken[fault]
    assert [one.name for one in broken[fault] if not one.reproduced] == []


@pytest.mark.parametrize("fault", SAMPLE)
def test_printed_line_finds_it_again(broken: Mapping[str, list[ContractFinding]], fault: str, tmp_path: Path) -> None:
    """The line of a finding, pasted, ends red with the same finding."""
    one = broken[fault][0]
    again = run("broken_contract", tmp_path, tuple(shlex.split(one.reproduce)[1:]))
    assert again.returncode == EXIT_FAIL, again.stdout + again.stderr
    assert one.id in {other.id for other in findings(tmp_path)}
