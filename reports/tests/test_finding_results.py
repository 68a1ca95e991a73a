"""What the contract suite found, as Allure shows it."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.contract_findings import HAR, ContractFindings, LawReach
from harness.results import Results
from reports.allure.finding_results import write_findings
from reports.tests.samples import BROKEN_PROMISE, COVERAGE, KEPT

EXCHANGES = {"log": {"version": "1.2", "creator": {}, "entries": [{"time": 1}, {"time": 2}]}}


def written(document: ContractFindings, results: Results, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the Allure results that are made of a document, by their full names."""
    folder.mkdir(exist_ok=True)
    write_findings(document, COVERAGE, results.folder, folder, at_ms=1)
    found = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
    return {one["fullName"]: one for one in found}


def test_finding(results: Results, tmp_path: Path) -> None:
    """A finding is failed, named by its fault code, with its example, curl line, exchange, seed and command."""
    results.write_text(HAR, json.dumps(EXCHANGES))
    made = written(replace(KEPT, findings=(BROKEN_PROMISE,)), results, tmp_path / "made")
    result = made[BROKEN_PROMISE.name]
    assert (result["status"], result["statusDetails"]["known"]) == ("failed", False)
    assert {"name": "tag", "value": "F100"} in result["labels"]
    assert result["parameters"] == [{"name": "seed", "value": "7", "excluded": True}]
    assert f"    {BROKEN_PROMISE.reproduce}" in result["description"].splitlines()
    attached = {one["name"]: (tmp_path / "made" / one["source"]).read_text() for one in result["attachments"]}
    assert attached["minimal example"].startswith("# as alice\nPOST /api/pipelines\nAuthorization: [Filtered]\n")
    assert attached["minimal example"].endswith('\n\n{"name": "x"}')
    assert attached["curl"] == "curl -X POST http://127.0.0.1:5000/api/pipelines\n"
    assert json.loads(attached["exchange"])["log"]["entries"] == [{"time": 2}]


def test_accepted_finding(results: Results, tmp_path: Path) -> None:
    """A finding that is accepted keeps its identity, is skipped as a known one, and says why and until when."""
    accepted = replace(BROKEN_PROMISE, accepted="old clients (alice, until 2027-03-01)", seed=8)
    before = written(replace(KEPT, findings=(BROKEN_PROMISE,)), results, tmp_path / "before")
    after = written(replace(KEPT, findings=(accepted,)), results, tmp_path / "after")[accepted.name]
    assert after["historyId"] == before[BROKEN_PROMISE.name]["historyId"]
    assert (after["status"], after["statusDetails"]["known"]) == ("skipped", True)
    assert after["statusDetails"]["message"].startswith("accepted: old clients (alice, until 2027-03-01). ")


def test_operations_that_hold(results: Results, tmp_path: Path) -> None:
    """An operation without findings passes, and names the laws that were blind on it; one with some has only those."""
    blind = LawReach(law="a law", offered=("GET /api/pipelines",), tried=(), blind=("GET /api/pipelines",))
    made = written(replace(KEPT, findings=(BROKEN_PROMISE,), laws=(blind,)), results, tmp_path / "made")
    assert made.keys() == {"kept GET /api/pipelines", BROKEN_PROMISE.name}
    assert made["kept GET /api/pipelines"]["status"] == "passed"
    assert "Nobody could have seen a breach of a law." in made["kept GET /api/pipelines"]["description"]


def test_death(results: Results, tmp_path: Path) -> None:
    """A request that the target did not survive is failed, and the same one whatever port the target had."""
    one, other = ("curl -X GET http://127.0.0.1:41965/fatal", "curl -X GET http://127.0.0.1:5000/fatal")
    names = [written(replace(KEPT, deaths=(death,)), results, tmp_path / "made").keys() for death in (one, other)]
    assert names[0] == names[1]
    assert "death curl -X GET /fatal" in names[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"log": 1}', '{"log": {"entries": 1}}', '{"log": {"entries": []}}'])
def test_torn_exchanges(results: Results, tmp_path: Path, text: str) -> None:
    """Where the exchanges cannot be read, a finding has everything else."""
    results.write_text(HAR, text)
    made = written(replace(KEPT, findings=(BROKEN_PROMISE,)), results, tmp_path / "made")
    assert [one["name"] for one in made[BROKEN_PROMISE.name]["attachments"]] == ["minimal example", "curl"]
