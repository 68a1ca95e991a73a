"""`python -m reports`: the last lines say the verdict, the exit code is the verdict's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.results import Results, Run, Status, Verdict
from reports.tests.samples import FINDING, FINDINGS, RUN

PROJECT = Path(__file__).resolve().parents[2]
TARGET = 'name = "shop"\nbase_url = "http://127.0.0.1:1"\n'


def report(results: Results, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a results folder."""
    target = results.folder.parent / "target.toml"
    if not target.exists():
        target.write_text(TARGET)
    return subprocess.run(
        [sys.executable, "-m", "reports", "--results", results.folder, "--target", target, *more],
        cwd=PROJECT,
        env={**{name: value for name, value in os.environ.items() if name not in {"CI", "OFFLINE"}}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pass(sound: Results) -> None:
    """A sound run passes with 0; verdict, page and summary for CI are all there, and nothing else is left."""
    before = {entry.name for entry in sound.folder.iterdir()}
    done = report(sound)
    assert (done.returncode, done.stderr) == (0, "")
    assert ["verdict: pass (18 passed)", f"report: {sound.folder}/site/index.html"] == done.stdout.splitlines()[-2:]
    assert Status.PASS is sound.read(Verdict).status
    assert before | {"site", "verdict.json", "verdict.md"} == {entry.name for entry in sound.folder.iterdir()}


def test_fail(sound: Results) -> None:
    """A failed gate ends with 1, names itself and how to see it again; what an earlier report made is replaced."""
    report(sound)
    sound.write_text("site/stale.html", "")
    sound.write(replace(FINDINGS, findings=(FINDING,)))
    done = report(sound)
    assert done.returncode == 1
    assert "FAIL security/bandit: 1 finding" in done.stdout
    assert f"    reproduce: {FINDING.reproduce}" in done.stdout.splitlines()
    assert sorted(entry.name for entry in (sound.folder / "site").iterdir()) == ["allure", "index.html"]
    assert json.loads((sound.folder / "verdict.json").read_text())["status"] == "fail"


def test_inconclusive(sound: Results) -> None:
    """Torn evidence ends with 3 and is named; no traceback."""
    sound.write_text("load/smoke/summary.json", '{"schema": 1')
    done = report(sound)
    assert (done.returncode, done.stderr) == (3, "")
    assert "INCONCLUSIVE load/smoke: load/smoke/summary.json: unreadable" in done.stdout


def test_nothing(results: Results) -> None:
    """An empty results folder is inconclusive, and gets its page all the same."""
    done = report(results)
    assert (done.returncode, (results.folder / "site/index.html").is_file()) == (3, True)
    assert "INCONCLUSIVE run/evidence: there is no evidence" in done.stdout


def test_parts_alone(sound: Results) -> None:
    """Without a run record the parts' own evidence decides."""
    (sound.folder / Run.FILE).unlink()
    assert report(sound).returncode == 0


def test_waived(sound: Results) -> None:
    """A failed gate that a waiver accepts is shown and does not decide."""
    (sound.folder.parent / "target.toml").write_text(TARGET + 'waivers = "waivers.toml"\n')
    (sound.folder.parent / "waivers.toml").write_text(
        '[[gate]]\nmatch = "security/bandit"\nreason = "moving"\nowner = "ana"\nexpires = 9999-01-01\n'
    )
    sound.write(replace(FINDINGS, findings=(FINDING,)))
    done = report(sound)
    assert (
        done.returncode,
        "FAIL (accepted: moving (ana, until 9999-01-01)) security/bandit" in done.stdout,
    ) == (0, True)


def test_no_target(sound: Results) -> None:
    """A target file that cannot be read costs its waivers, not the report."""
    done = report(sound, "--target", "nowhere/target.toml")
    assert (done.returncode, "note: no waivers apply:" in done.stdout) == (0, True)


def test_offline(sound: Results) -> None:
    """What the run record says of the network holds: its scan is accepted."""
    scans = (FINDINGS.scans[0], replace(FINDINGS.scans[1], incomplete="no network"))
    sound.write(replace(FINDINGS, scans=scans))
    assert report(sound).returncode == 3
    sound.write(replace(RUN, offline=True))
    done = report(sound)
    assert (done.returncode, "INCONCLUSIVE (accepted: offline) security/pip-audit" in done.stdout) == (0, True)


@pytest.mark.parametrize("more", [("--nonsense",), ("--results", "/proc/nowhere")])
def test_wrong_request(sound: Results, more: tuple[str, ...]) -> None:
    """A wrong option ends with 2 and a clear line."""
    done = report(sound, *more)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert more[-1] in done.stderr.splitlines()[-1]
