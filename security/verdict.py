"""The policy applied: issues and waivers become findings, findings and gaps become gates. Pure functions."""

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from harness.results import Failure, Finding, Gate, Scan, Status
from harness.waivers import Waiver, accepted_by
from security.evidence import Issue, Outcome, Severity, fingerprints

KIND = "security"


class Judged(msgspec.Struct, frozen=True):
    """One scan or probe, its findings in the order of its issues, and its gate."""

    scan: Scan
    findings: tuple[Finding, ...]
    gate: Gate


def judge_findings(
    tool: str, issues: Sequence[Issue], waivers: tuple[Waiver, ...], today: dt.date
) -> tuple[Finding, ...]:
    """Return the issues as findings, each with the waiver that accepts it today.

    A finding whose waiver has expired is back, and its message says so.
    """
    return tuple(
        _finding(tool, issue, name, waivers, today)
        for issue, name in zip(issues, fingerprints(tool, issues), strict=True)
    )


def _finding(tool: str, issue: Issue, fingerprint: str, waivers: tuple[Waiver, ...], today: dt.date) -> Finding:
    names = _names(tool, issue, fingerprint)
    waiver = next(filter(None, (accepted_by(waivers, name, today) for name in names)), None)
    expired = None if waiver else next((one for one in waivers if _matches(one, names)), None)
    return Finding(
        tool=tool,
        rule=issue.rule,
        severity=str(issue.severity),
        location=issue.location,
        message=f"{issue.message} [waiver expired on {expired.expires}: {expired}]" if expired else issue.message,
        fingerprint=fingerprint,
        reproduce=issue.reproduce,
        accepted=str(waiver) if waiver else None,
    )


def _names(tool: str, issue: Issue, fingerprint: str) -> tuple[str, str]:
    """Return what a waiver may match: the fingerprint, or tool/rule/place (no line: lines move)."""
    return fingerprint, f"{tool}/{issue.rule}/{issue.place}"


def _matches(waiver: Waiver, names: Iterable[str]) -> bool:
    """Whether a waiver is about one of these names, expired or not."""
    return any(waiver.covers(name, waiver.expires) for name in names)


def unused_waivers(outcomes: Iterable[tuple[str, Outcome]], waivers: tuple[Waiver, ...]) -> list[Waiver]:
    """Return the waivers that match nothing that the given tools found."""
    found = [
        _names(tool, issue, name)
        for tool, outcome in outcomes
        for issue, name in zip(outcome.issues, fingerprints(tool, outcome.issues), strict=True)
    ]
    return [waiver for waiver in waivers if not any(_matches(waiver, names) for names in found)]


def judge_scan(
    scan: Scan,
    findings: Sequence[Finding],
    threshold: Severity,
    *,
    waivers: tuple[Waiver, ...],
    offline: bool,
    today: dt.date,
) -> Gate:
    """Return the gate of a scan: failing findings fail it; gaps, or having covered nothing, prove nothing."""
    failing = [one for one in findings if one.accepted is None and Severity(one.severity).reaches(threshold)]
    doubt = scan.incomplete or (None if scan.covered else "it covered nothing")
    status = Status.FAIL if failing else Status.INCONCLUSIVE if doubt else Status.PASS
    name = f"{KIND}/{scan.tool}"
    waiver = accepted_by(waivers, name, today)
    accepted = str(waiver) if waiver and status is not Status.PASS else None
    if status is Status.INCONCLUSIVE and scan.needs_network and offline:
        accepted = "offline"
    return Gate(
        name=name,
        kind=KIND,
        status=status,
        summary=_summary(scan, findings, failing, threshold, doubt),
        evidence=scan.sarif,
        reproduce=None if status is Status.PASS else scan.reproduce,
        failures=tuple(_failure(finding) for finding in failing),
        accepted=accepted,
    )


def overall(gates: Iterable[Gate]) -> Status:
    """Return the worst status of the gates that decide; without any, nothing was shown."""
    return Status.worst(gate.status for gate in gates if gate.accepted is None)


def _summary(
    scan: Scan, findings: Sequence[Finding], failing: Sequence[Finding], threshold: Severity, doubt: str | None
) -> str:
    accepted = sum(finding.accepted is not None for finding in findings)
    below = len(findings) - len(failing) - accepted
    said = [f"{scan.covered} covered", f"{len(failing)} of severity {threshold} or worse"]
    said += [f"{below} below it"] if below else []
    said += [f"{accepted} accepted by waivers"] if accepted else []
    said += [f"incomplete: {doubt}"] if doubt else []
    return "; ".join(said)


def _failure(finding: Finding) -> Failure:
    return Failure(
        what=f"{finding.rule} ({finding.severity}) at {finding.location}: {finding.message}",
        reproduce=finding.reproduce,
    )
