"""The real pip-audit against advisory services that answer, lie, fail, hang and are not there."""

import re
from pathlib import Path

import msgspec
import pytest

from harness.target import Target
from security.evidence import CheckIncomplete, Outcome, Severity
from security.policy import Policy, read_policy
from security.processes import Workshop
from security.scans.pip_audit import Dependency, PipAudit, Report, judge_report
from security.scans.requirement_files import read_requirements
from security.tests.stand_ins import CANARY, CLOSED, LEAKY, MakePolicy, MakeTarget, OsvPolicy, advisory

HASH = "--hash=sha256:" + "a" * 64


@pytest.fixture
def target(tmp_path: Path, make_target: MakeTarget) -> Target:
    """Pin one clean and one vulnerable package, and one for another machine."""
    lines = [f"clean==2.0 {HASH}", f"leaky==1.0 {HASH}", f"elsewhere==3.0 ; sys_platform == 'beos' {HASH}"]
    (tmp_path / "app.txt").write_text("\n".join(lines) + "\n")
    return make_target(requirements='["app.txt"]')


def scan(target: Target, policy: Policy, workshop: Workshop) -> Outcome:
    return PipAudit(target, policy).scan(workshop)


def test_finds_known(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """A vulnerable pin is found at its line; the clean one is covered; a pin for other machines is noted."""
    outcome = scan(target, osv.policy, workshop)
    assert [(issue.rule, issue.location, issue.severity) for issue in outcome.issues] == [
        ("PYSEC-2024-5", "app.txt:2", Severity.HIGH)
    ]
    assert (outcome.covered, outcome.incomplete) == (2, None)
    assert outcome.notes == ("app.txt:3: for other machines only: elsewhere==3.0 ; sys_platform == 'beos'",)


def test_clean(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """Where the service knows the canary but none of the pins, the target is clean."""
    del osv.service.known[LEAKY]
    outcome = scan(target, osv.policy, workshop)
    assert (outcome.issues, outcome.incomplete) == ((), None)


def test_service_without_advisories(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """A service that knows no advisory at all proves nothing."""
    osv.service.known.clear()
    with pytest.raises(CheckIncomplete, match=r"advisories could not be had: of jinja2==2\.4\.1"):
        scan(target, osv.policy, workshop)


def test_service_error(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """A service that answers with an error proves nothing."""
    osv.service.status = 503
    with pytest.raises(CheckIncomplete, match=r"no report: .*ServiceError"):
        scan(target, osv.policy, workshop)


def test_unreadable_advisory(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """An advisory that pip-audit passes over with a warning is a gap."""
    osv.service.known[LEAKY] = [advisory(*LEAKY, schema_version="2.0.0")]
    outcome = scan(target, osv.policy, workshop)
    assert "Unsupported OSV schema version" in str(outcome.incomplete)


@pytest.mark.parametrize("service", ["osv", "pypi"])
def test_unreachable(
    service: str, target: Target, make_policy: MakePolicy, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no way to the advisories there is no result."""
    monkeypatch.setenv("HTTPS_PROXY", CLOSED)
    chosen = f'"osv"\nosv_url = "{CLOSED}"' if service == "osv" else '"pypi"'
    policy = read_policy(make_policy({'vulnerability_service = "pypi"': f"vulnerability_service = {chosen}"}))
    with pytest.raises(CheckIncomplete, match=r"no report: .*Connection refused"):
        scan(target, policy, workshop)


def test_skipped_and_missing(tmp_path: Path) -> None:
    """Packages that were skipped or silently left out are gaps, named, and not covered."""
    file = tmp_path / "app.txt"
    file.write_text(f"one==1 {HASH}\nTwo_b==2 {HASH}\nthree==3 {HASH}\n")
    report = Report((Dependency("one", version="1"), Dependency("two-b", skip_reason="not found on PyPI")))
    audit = judge_report(report, read_requirements(file), "", "app.txt", "again")
    assert audit.gaps == ("app.txt: two-b: not found on PyPI", "app.txt: three: not audited")
    assert audit.covered == 1


def test_empty_file(tmp_path: Path) -> None:
    """A file without a package is a gap."""
    file = tmp_path / "app.txt"
    file.write_text("# nothing\n")
    assert judge_report(Report(()), read_requirements(file), "", "app.txt", "again").gaps == (
        "app.txt: no package in it",
    )


def test_deadline(target: Target, osv: OsvPolicy, workshop: Workshop) -> None:
    """A scanner that is not done in time is stopped, and is a gap."""
    impatient = msgspec.structs.replace(osv.policy.pip_audit, timeout_s=0.05)
    with pytest.raises(CheckIncomplete, match=re.escape("still running after 0.05 s")):
        scan(target, msgspec.structs.replace(osv.policy, pip_audit=impatient), workshop)


def test_canary_is_vulnerable(osv: OsvPolicy) -> None:
    """The stand-in knows what the policy asks for."""
    assert "==".join(CANARY) == osv.policy.pip_audit.canary
