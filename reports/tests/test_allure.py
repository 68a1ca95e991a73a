"""A real Allure report is made from pytest's results and our gates, and opens without a network."""

import base64
import json
import re
import uuid
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.load_records import LoadSummary
from harness.results import Failure, Gate, Results, Status
from reports.allure.gate_results import write_gates
from reports.allure.generate import allure_gate
from reports.allure.install import AllureUnavailable, installed
from reports.gates import all_gates
from reports.tests.samples import BROKEN_PROMISE, HOSTILE, KEPT, RUN, SOUND

GATE = Gate(
    name="load/smoke/measured",
    kind="load",
    status=Status.FAIL,
    summary=HOSTILE,
    evidence="load/smoke/summary.json",
    reproduce="python -m loadtests run smoke",
    failures=(Failure(what="first"), Failure(what="second")),
)


@pytest.fixture(scope="session")
def allure() -> Path:
    """Return Allure's script, installed; where it cannot be had, skip and say what is missing."""
    try:
        return installed(lambda _line: None, offline=False)
    except AllureUnavailable as error:
        pytest.skip(f"Allure 3 is missing: {error}")


def write_test(results: Results, name: str, status: str) -> None:
    """Write a result as allure-pytest does."""
    result = {
        "uuid": str(uuid.uuid4()),
        "historyId": name,
        "name": name,
        "fullName": name,
        "status": status,
        "start": 1,
        "stop": 2,
    }
    results.write_text(f"allure/{name}-result.json", json.dumps(result))


def shown(page: Path) -> str:
    """Return all that a single-file report holds, its data decoded."""
    blobs = re.findall(r'd\("[^"]*","([^"]*)"\)', page.read_text(encoding="utf-8"))
    return "\n".join(base64.b64decode(blob).decode("utf-8", "replace") for blob in blobs)


@pytest.mark.usefixtures("allure")
def test_report(sound: Results, tmp_path: Path) -> None:
    """One file shows tests, contract, load and security, with the run's facts; readers are not counted by anybody."""
    write_test(sound, "test_login", "passed")
    write_test(sound, "test_logout", "failed")
    gates = all_gates(SOUND)
    gate = allure_gate(gates, SOUND, sound.folder, tmp_path, say=lambda _line: None)
    page = tmp_path / "allure" / "index.html"
    data = shown(page)
    assert (gate.status, gate.summary) == (Status.PASS, "15 results in one file")
    named = (
        "test_login",
        "contract/operations",
        "load/smoke/measured",
        "security/bandit",
        "Valkey 9.1.0",
        "Gates failed",
    )
    assert [name for name in named[:-1] if name not in data] == []
    assert (
        re.findall(r'src="https?://', page.read_text()),
        "Content-Security-Policy" in page.read_text(),
    ) == ([], True)
    assert list(sound.folder.glob("allure-gates-*")) == []


@pytest.mark.usefixtures("allure")
def test_hostile_report(sound: Results, tmp_path: Path) -> None:
    """Hostile names and a torn result do not break the report."""
    write_test(sound, "test_fine", "passed")
    sound.write_text("allure/torn-result.json", '{"uuid": "')
    found = replace(BROKEN_PROMISE, message=HOSTILE, check=HOSTILE, reproduce=HOSTILE, accepted=HOSTILE)
    hostile = replace(SOUND, run=replace(RUN, target=HOSTILE), findings=replace(KEPT, findings=(found,)))
    gate = allure_gate((GATE,), hostile, sound.folder, tmp_path, say=lambda _line: None)
    assert (gate.status, "<script>alert" in (tmp_path / "allure" / "index.html").read_text()) == (Status.PASS, False)


@pytest.mark.parametrize(
    ("status", "accepted", "said"),
    [
        (Status.PASS, None, "passed"),
        (Status.FAIL, None, "failed"),
        (Status.INCONCLUSIVE, None, "broken"),
        (Status.INCONCLUSIVE, "offline", "skipped"),
    ],
)
def test_gate_result(sound: Results, tmp_path: Path, status: Status, accepted: str | None, said: str) -> None:
    """A gate keeps one identity through all its states, carries its evidence, and says how to see it again."""
    write_gates((replace(GATE, status=status, accepted=accepted),), sound.folder, tmp_path, at_ms=1)
    result = json.loads(next(tmp_path.glob("*-result.json")).read_text())
    assert ("9b44c728", said) == (result["historyId"][:8], result["status"])
    assert result["statusDetails"]["trace"] == "python -m loadtests run smoke"
    assert [step["name"] for step in result["steps"]] == ["first", "second"]
    attached = tmp_path / result["attachments"][0]["source"]
    assert sound.path(LoadSummary, "smoke").read_bytes() == attached.read_bytes()


def test_tests_are_not_doubled(tmp_path: Path) -> None:
    """A suite whose tests Allure has needs no result of its own; one that proved nothing does."""
    gates = tuple(replace(GATE, name=f"suite/{status}", kind="suite", status=status) for status in Status)
    write_gates(gates, tmp_path, tmp_path, at_ms=1)
    assert [json.loads(file.read_text())["name"] for file in tmp_path.glob("*-result.json")] == ["suite/inconclusive"]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Return a folder from which the real npm installs a tiny stand-in for Allure, without a network."""
    folder = tmp_path / "tiny"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "package.json").write_text('{"name": "allure", "version": "1.0.0"}')
    (folder / "source" / "cli.js").write_text("process.exit(7)")
    dependency = {"dependencies": {"allure": "file:source"}}
    (folder / "package.json").write_text(json.dumps(dependency))
    (folder / "package-lock.json").write_text(json.dumps(lock_file(dependency)))
    return folder


def lock_file(dependency: dict[str, dict[str, str]]) -> dict[str, object]:
    """Return a lock file of npm for a package in a folder beside it."""
    packages = {
        "": dependency,
        "node_modules/allure": {"resolved": "source", "link": True},
        "source": {"name": "allure", "version": "1.0.0"},
    }
    return {"lockfileVersion": 3, "requires": True, "packages": packages}


def test_install_once(tiny: Path) -> None:
    """What is installed is not installed again, until the lock file changes."""
    said: list[str] = []
    for _ in range(2):
        assert installed(said.append, offline=True, folder=tiny).is_file()
    assert len(said) == 1
    with (tiny / "package-lock.json").open("a") as lock:
        lock.write("\n")
    installed(said.append, offline=True, folder=tiny)
    assert len(said) == 2


def test_killed_install(tiny: Path) -> None:
    """An installation that was killed half-way is noticed and made anew."""
    (tiny / "node_modules" / "allure").mkdir(parents=True)
    (tiny / "node_modules" / "allure" / "cli.js").write_text("half")
    assert installed(print, offline=True, folder=tiny).read_text() == "process.exit(7)"


def test_failed_install(tiny: Path) -> None:
    """An installation that fails says what npm said, and is tried again the next time."""
    (tiny / "package.json").write_text('{"dependencies": {"other": "1.0.0"}}')
    for _ in range(2):
        with pytest.raises(AllureUnavailable, match=r"allure: npm ci: exit code 1: npm error"):
            installed(print, offline=True, folder=tiny)


@pytest.mark.parametrize(("offline", "accepted"), [(True, "offline"), (False, None)])
def test_no_report(sound: Results, tiny: Path, *, offline: bool, accepted: str | None) -> None:
    """Where Allure makes no report its gate is inconclusive, and accepted only if there is said to be no network."""
    gate = allure_gate((GATE,), replace(SOUND, offline=offline), sound.folder, tiny, say=print, folder=tiny)
    assert (Status.INCONCLUSIVE, accepted) == (gate.status, gate.accepted)
    assert "allure: generate: exit code 7" in gate.summary


def test_no_place(sound: Results, tmp_path: Path) -> None:
    """Where Allure cannot be installed the gate names the folder."""
    gate = allure_gate((GATE,), SOUND, sound.folder, tmp_path, say=print, folder=tmp_path / "none")
    assert (gate.status, f"{tmp_path}/none cannot be installed into" in gate.summary) == (Status.INCONCLUSIVE, True)
