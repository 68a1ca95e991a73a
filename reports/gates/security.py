"""Gates of the security scans and probes: one each."""

from harness.results import Failure, Finding, Findings, Gate, Scan, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import one_line, plural

KIND = "security"
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return one gate per scan; one more for findings whose scan left no record of itself."""
    security = evidence.security
    command = evidence.command_of("security") or "python -m security"
    if security is None:
        return ()
    if isinstance(security, Unreadable):
        return (unreadable_gate(f"{KIND}/findings", security, command),)
    scanned = {scan.tool for scan in security.scans}
    strangers = sorted({finding.tool for finding in security.findings} - scanned)
    scans = security.scans + tuple(_unrecorded(tool, command) for tool in strangers)
    if not scans:
        return (_nothing_scanned(command),)
    return tuple(_gate(security, scan, offline=evidence.offline) for scan in scans)


def _unrecorded(tool: str, command: str) -> Scan:
    return Scan(
        tool=tool,
        version="",
        covered=0,
        incomplete="the scan left findings but no record of itself",
        needs_network=False,
        sarif="",
        reproduce=command,
    )


def _nothing_scanned(command: str) -> Gate:
    return Gate(
        name=f"{KIND}/findings",
        kind=KIND,
        status=Status.INCONCLUSIVE,
        summary="no scan was run",
        evidence=Findings.FILE,
        reproduce=command,
    )


def _gate(security: Findings, scan: Scan, *, offline: bool) -> Gate:
    findings = [finding for finding in security.findings if finding.tool == scan.tool]
    fail_on = scan.fail_on or security.fail_on
    failing = [finding for finding in findings if _fails(finding, fail_on)]
    doubt = scan.incomplete or (None if scan.covered else "it covered nothing")
    status = Status.FAIL if failing else Status.INCONCLUSIVE if doubt else Status.PASS
    unreachable = status is Status.INCONCLUSIVE and scan.needs_network and offline
    return Gate(
        name=f"{KIND}/{scan.tool}",
        kind=KIND,
        status=status,
        summary=_summary(scan, findings, failing, doubt, fail_on),
        evidence=scan.sarif or Findings.FILE,
        reproduce=None if status is Status.PASS else scan.reproduce,
        failures=tuple(_failure(finding) for finding in failing),
        accepted="offline" if unreachable else None,
    )


def _fails(finding: Finding, fail_on: str) -> bool:
    """Unknown words err on the side of failing: an unknown severity is the worst, an unknown limit the lowest."""
    worst = len(_SEVERITIES) - 1
    return finding.accepted is None and _rank(finding.severity, unknown=worst) >= _rank(fail_on, unknown=0)


def _rank(severity: str, *, unknown: int) -> int:
    return _SEVERITIES.index(severity.lower()) if severity.lower() in _SEVERITIES else unknown


def _summary(scan: Scan, findings: list[Finding], failing: list[Finding], doubt: str | None, fail_on: str) -> str:
    accepted = sum(finding.accepted is not None for finding in findings)
    below = len(findings) - len(failing) - accepted
    said = [f"{plural(len(failing), 'finding')} of severity {fail_on} or worse"]
    said += [f"{below:,} below it"] if below else []
    said += [f"{accepted:,} accepted by waivers"] if accepted else []
    said += [f"incomplete: {doubt}"] if doubt else [f"{scan.covered:,} covered"]
    return "; ".join(said)


def _failure(finding: Finding) -> Failure:
    where = f"{finding.rule} ({finding.severity}) at {finding.location}"
    return Failure(what=one_line(f"{where}: {finding.message}"), reproduce=finding.reproduce)
