"""The policy applied to issues, waivers and gaps."""

import datetime as dt

import msgspec
import pytest

from harness.results import Gate, Scan, Status
from harness.waivers import Waiver
from security.evidence import Issue, Outcome, Severity, fingerprints
from security.verdict import judge_findings, judge_scan, overall, unused_waivers

TODAY = dt.date(2030, 6, 15)
ISSUE = Issue(
    rule="B602",
    severity=Severity.HIGH,
    place="src/bad.py",
    line=5,
    message="shell",
    subject="subprocess.run(word, shell=True)",
    reproduce="again",
)
SCAN = Scan(
    tool="bandit", version="1", covered=3, incomplete=None, needs_network=False, sarif="bandit.sarif", reproduce="all"
)


def waiver(match: str, expires: dt.date = TODAY) -> Waiver:
    return Waiver(match=match, reason="known", owner="ann", expires=expires)


def gate(scan: Scan = SCAN, *, waivers: tuple[Waiver, ...] = (), offline: bool = False, **settings: Waiver) -> Gate:
    findings = judge_findings("bandit", [ISSUE], tuple(settings.values()), TODAY) if settings else ()
    return judge_scan(scan, findings, Severity.MEDIUM, waivers=waivers, offline=offline, today=TODAY)


def test_fingerprint_survives_moved_lines() -> None:
    """The fingerprint does not depend on the line, and tells equal lines of a file apart."""
    moved = msgspec.structs.replace(ISSUE, line=50)
    first, second = fingerprints("bandit", [ISSUE, moved])
    assert fingerprints("bandit", [moved]) == [first]
    assert first != second


@pytest.mark.parametrize("match", ["bandit/B602/src/*", fingerprints("bandit", [ISSUE])[0]])
def test_waiver_accepts(match: str) -> None:
    """A waiver accepts by fingerprint or by tool/rule/place, on its last day too."""
    (finding,) = judge_findings("bandit", [ISSUE], (waiver(match),), TODAY)
    assert finding.accepted == "known (ann, until 2030-06-15)"
    assert gate(found=waiver(match)).status is Status.PASS


def test_waiver_expires() -> None:
    """A day later the finding is back, fails, and says that its waiver has expired."""
    expired = waiver("bandit/*", TODAY - dt.timedelta(days=1))
    (finding,) = judge_findings("bandit", [ISSUE], (expired,), TODAY)
    assert finding.accepted is None
    assert "waiver expired on 2030-06-14" in finding.message
    assert gate(found=expired).status is Status.FAIL


def test_unused_waiver() -> None:
    """A waiver that matches nothing is named; an expired one that matches is not unused."""
    used, unused = waiver("bandit/*", TODAY - dt.timedelta(days=1)), waiver("bandit/B999/*")
    outcomes = [("bandit", Outcome(covered=1, issues=(ISSUE,)))]
    assert [unused] == unused_waivers(outcomes, (used, unused))


def test_below_threshold() -> None:
    """A finding below the threshold does not fail the gate, and is counted."""
    low = msgspec.structs.replace(ISSUE, severity=Severity.LOW)
    findings = judge_findings("bandit", [low], (), TODAY)
    judged = judge_scan(SCAN, findings, Severity.MEDIUM, waivers=(), offline=False, today=TODAY)
    assert judged.status is Status.PASS
    assert "1 below it" in judged.summary


@pytest.mark.parametrize("change", [{"incomplete": "no network"}, {"covered": 0}])
def test_silence_is_not_green(change: dict[str, object]) -> None:
    """A scan with a gap, or one that covered nothing, is inconclusive."""
    assert gate(msgspec.structs.replace(SCAN, **change)).status is Status.INCONCLUSIVE


def test_finding_beats_gap() -> None:
    """A failing finding fails the gate even where the scan is incomplete."""
    gappy = msgspec.structs.replace(SCAN, incomplete="one file")
    assert gate(gappy, found=waiver("nothing")).status is Status.FAIL


@pytest.mark.parametrize(("needs_network", "status"), [(True, Status.PASS), (False, Status.INCONCLUSIVE)])
def test_offline(needs_network: bool, status: Status) -> None:  # noqa: FBT001 - a parameter of the test
    """Offline, only the gates that need a network do not decide."""
    gappy = gate(msgspec.structs.replace(SCAN, needs_network=needs_network, incomplete="offline"), offline=True)
    assert overall([gate(), gappy]) is status


def test_waived_gate() -> None:
    """A waiver on the gate keeps it from deciding; gates that all do not decide show nothing."""
    gappy = gate(msgspec.structs.replace(SCAN, incomplete="x"), waivers=(waiver("security/bandit"),))
    assert overall([gate(), gappy]) is Status.PASS
    assert overall([gappy]) is Status.INCONCLUSIVE
