"""Evidence is read as it is: torn, stale and hostile files are named, never dropped."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.errors import UnreadableEvidence
from harness.results import Results
from reports.evidence import Evidence, Unreadable, file_inside, read_evidence
from reports.junit import Suite, read_junit
from reports.tests.samples import PASSED_CASE, RUN, write_junit

FAILED_CASE = """<testcase classname="t" name="failed">
<properties><property name="reproduce" value="pytest t::failed"/></properties>
<failure message="assert 1&#10;second line">long trace</failure></testcase>"""
CASES = (
    PASSED_CASE,
    FAILED_CASE,
    '<testcase classname="t" name="failed"><error message="failed on teardown"/></testcase>',
    '<testcase classname="t" name="fixture"><error message="failed on setup"/></testcase>',
    '<testcase classname="" name="suites.unit.test_b"><error message="collection failure"/></testcase>',
    '<testcase classname="t" name="skipped"><skipped type="pytest.skip" message="no engine"/></testcase>',
    '<testcase classname="t" name="known"><skipped type="pytest.xfail" message="later"/></testcase>',
)


def read(results: Results) -> Evidence:
    """Read all evidence outside CI and with a network."""
    return read_evidence(results, ci=False, offline=False)


def test_junit(results: Results) -> None:
    """Tests are counted once each, errors are failures, and what is not pass is named with its reason."""
    suite = read_junit(write_junit(results, "unit", *CASES))
    assert (suite.passed, suite.xfailed, suite.seconds, suite.seed) == (1, 1, 1.5, "7")
    assert [case.name for case in suite.failed] == ["t::failed", "t::fixture", "suites.unit.test_b"]
    assert (suite.failed[0].message, suite.failed[0].reproduce) == ("assert 1 second line", "pytest t::failed")
    assert [(case.name, case.message) for case in suite.skipped] == [("t::skipped", "no engine")]


@pytest.mark.parametrize("text", ["", "<testsuites><testsuite", "<html/>", "\x00", '<testsuite time="soon"/>'])
def test_bad_junit(results: Results, text: str) -> None:
    """A file that is not whole JUnit is unreadable."""
    with pytest.raises(UnreadableEvidence, match=r"unit\.xml: unreadable"):
        read_junit(results.write_text("junit/unit.xml", text))


@pytest.mark.parametrize(
    "place",
    [
        "run.json",
        "target.json",
        "contract/coverage.json",
        "contract/findings.json",
        "security/findings.json",
        "junit/unit.xml",
        "load/smoke/summary.json",
    ],
)
@pytest.mark.parametrize("text", ['{"schema": 1, "to', "{}", "[]", '{"schema": 99}', "\x00"])
def test_torn(sound: Results, place: str, text: str) -> None:
    """A torn file of any kind is one unreadable piece of evidence; the rest is read."""
    sound.write_text(place, text)
    evidence = read(sound)
    pieces = [
        evidence.run,
        evidence.target,
        evidence.contract,
        evidence.findings,
        evidence.security,
        evidence.suites["unit"],
        evidence.loads["smoke"],
    ]
    assert [place] == [piece.file for piece in pieces if isinstance(piece, Unreadable)]


def test_sound(sound: Results) -> None:
    """A whole run lacks nothing."""
    evidence = read(sound)
    assert not any(evidence.lacking.values())
    assert all(isinstance(suite, Suite) for suite in evidence.suites.values())


def test_stale(sound: Results) -> None:
    """A file from before the run began is no evidence of it."""
    os.utime(sound.folder / "junit/unit.xml", (0, 0))
    assert read(sound).lacking["unit"] == ("junit/unit.xml",)


def test_missing(sound: Results) -> None:
    """A part that should have left two files lacks the one that is not there."""
    (sound.folder / "contract/coverage.json").unlink()
    assert read(sound).lacking["contract"] == ("contract/coverage.json",)


def test_nothing(results: Results) -> None:
    """An empty folder is no evidence, and no error."""
    evidence = read(results)
    assert (evidence.run, evidence.security, evidence.suites, evidence.loads) == (None, None, {}, {})


def test_impossible_time(sound: Results) -> None:
    """A run record that does not say when it began is unreadable."""
    sound.write(replace(RUN, started="yesterday"))
    run = read(sound).run
    assert isinstance(run, Unreadable)
    assert run.problem == "run.json: started: 'yesterday' is not a time in ISO 8601"


@pytest.mark.parametrize("place", ["../secret", "/etc/passwd", "", None, "a/../../secret", "x" * 5000, "\x00", "."])
def test_outside(tmp_path: Path, place: str | None) -> None:
    """Evidence cannot name a file outside the results folder."""
    folder = tmp_path / "results"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    assert file_inside(folder, place) is None
