"""Thirteen contract faults, planted from outside: each becomes a finding of its own."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from harness.contract_findings import ContractFinding, ContractFindings
from harness.errors import EXIT_FAIL
from harness.identities import read_identities
from harness.launch import launch
from harness.results import Results
from harness.target import Target
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller
from suites.contract.fuzzing.isolation import Isolation

EXPECTED = {
    "wrong_status": ("F101", "GET /api/auth/sessions", "status_code_conformance"),
    "undocumented_field": ("F101", "GET /api/auth/me", "undocumented_field"),
    "missing_field": ("F101", "GET /api/pipelines", "response_schema_conformance"),
    "error_on_odd_text": ("F100", "POST /api/pipelines", "not_a_server_error"),
    "accepts_invalid": ("F102", "POST /api/registrations", "negative_data_rejection"),
    "rejects_valid": ("F900", "POST /api/tokens", "positive_data_acceptance"),
    "keeps_deleted": ("F103", "DELETE /api/pipelines/{pipeline_id}", "deleted_is_gone"),
    "open_door": ("F207", "GET /api/users/{user_id}/sessions", "ignored_auth"),
    "wrong_content_type": ("F101", "GET /livez", "content_type_conformance"),
    "lacks_header": ("F101", "GET /api/pipelines/statistics", "response_headers_conformance"),
    "lost_update": ("F902", "PATCH /api/pipelines/{pipeline_id}", "second_writer_is_refused"),
    "double_effect": ("F903", "POST /api/pipelines/{pipeline_id}/logs", "key_has_one_effect"),
    "keeps_refused": ("F104", "POST /api/pipelines/{pipeline_id}/logs", "failed_creation_leaves_nothing"),
}
SAMPLE = "lost_update"
OPERATIONS = [
    word for operation in dict.fromkeys(one for _, one, _ in EXPECTED.values()) for word in ("--operation", operation)
]
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
        timeout=140,
    )


def findings(results: Path) -> list[ContractFinding]:
    return list(Results(results).read(ContractFindings).findings)


def is_it(one: ContractFinding, fault: str) -> bool:
    return (one.code, one.operation, one.check) == EXPECTED[fault]


def smallest(finding: ContractFinding) -> bool:
    """Whether what shows `error_on_odd_text` is one call with one odd character, beside what the schema requires."""
    values = [str(value) for value in json.loads(finding.steps[0].body or "{}").values()]
    odd = [value for value in values if not value.isascii()]
    is_small = (len(finding.steps), len(odd), {len(value) for value in values}) == (1, 1, {1})
    return is_small and finding.shrinking is not None and finding.shrinking.bound is None


def shown(results: Path, finding: ContractFinding) -> object:
    """Return what the answer that shows a finding is like, as it was recorded."""
    entries = json.loads((results / "contract/findings.har").read_text())["log"]["entries"]
    response = entries[finding.har_entries[-1]]["response"]
    headers = {header["name"]: header["value"] for header in response["headers"]}
    return outline(Answer(response["status"], headers, response["content"]["text"].encode()))


def outline(answer: Answer) -> object:
    """Return what an answer is like, and how many objects it holds: a list that has one more is another answer."""
    return answer.kind, answer.body.count(b"{")


def without_fault(named: dict[str, ContractFinding]) -> dict[str, object]:
    """Send each finding's requests to the app without a fault, on its seed; return what the last answer is like."""
    target = Target.read(Path("suites/specimens/target.toml"))
    with launch(target, "embedded") as launched:
        caller = Caller(launched.base_url, read_identities(target), Isolation(launched))
        return {name: last_answer(caller, finding) for name, finding in named.items()}


def last_answer(caller: Caller, finding: ContractFinding) -> object:
    caller.restore()
    answer = [caller.call(step) for step in finding.steps][-1]
    return answer and outline(answer)


def test_each_fault_is_named_and_shown_again(tmp_path: Path) -> None:
    """One run names each fault by its code, operation and check, and a fresh target shows it again, by a small example.

    The requests of each finding are answered in another way by the app without the fault: they show that fault and
    nothing else. The line that is printed for one of them, pasted, ends red with the same finding.
    """
    done = run("broken_contract", tmp_path / "all", (*CONTRACT, *OPERATIONS))
    assert done.returncode == EXIT_FAIL, done.stdout + done.stderr
    found = findings(tmp_path / "all")
    of_fault = {fault: [one for one in found if is_it(one, fault)] for fault in EXPECTED}
    assert [fault for fault, ones in of_fault.items() if not ones or not all(one.reproduced for one in ones)] == []
    named = {fault: ones[0] for fault, ones in of_fault.items()}
    assert [one.reproduce for one in named.values() if one.reproduce not in done.stdout] == []
    sound = without_fault(named)
    assert None not in sound.values()
    assert [fault for fault, one in named.items() if shown(tmp_path / "all", one) == sound[fault]] == []
    assert smallest(named["error_on_odd_text"])
    sample = named[SAMPLE]
    again = run("broken_contract", tmp_path / "again", tuple(shlex.split(sample.reproduce)[1:]))
    assert again.returncode == EXIT_FAIL, again.stdout + again.stderr
    assert sample.id in {one.id for one in findings(tmp_path / "again")}
