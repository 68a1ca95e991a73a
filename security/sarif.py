"""SARIF 2.1.0: making it for tools that do not write it, and marking results with fingerprints and waivers.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

from harness.results import Finding
from security.evidence import Issue, Outcome, SarifLog, Severity

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "provingGround/v1"
_LEVELS = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}


def to_text(tool: str, outcome: Outcome, findings: Sequence[Finding]) -> str:
    """Return the text of a tool's SARIF file; `findings` are the outcome's issues, judged, in their order."""
    log = outcome.sarif or make(tool, outcome)
    results = log["runs"][0]["results"]
    marked = [_mark(result, finding) for result, finding in zip(results, findings, strict=True)]
    run = {**log["runs"][0], "results": marked}
    return json.dumps({**log, "runs": [run]}, indent=2) + "\n"


def make(tool: str, outcome: Outcome) -> SarifLog:
    """Return the log of a tool that writes none itself; an incomplete run says so in it."""
    rules = sorted({issue.rule for issue in outcome.issues})
    driver = {"name": tool, "version": outcome.version, "rules": [{"id": rule} for rule in rules]}
    invocation: dict[str, Any] = {"executionSuccessful": outcome.incomplete is None}
    notifications = [_notification("note", note) for note in outcome.notes]
    if outcome.incomplete is not None:
        notifications.append(_notification("error", outcome.incomplete))
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_result(issue, rules) for issue in outcome.issues],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _result(issue: Issue, rules: list[str]) -> dict[str, Any]:
    return {
        "ruleId": issue.rule,
        "ruleIndex": rules.index(issue.rule),
        "level": _LEVELS[issue.severity],
        "message": {"text": issue.message},
        "locations": [_location(issue)],
    }


def _location(issue: Issue) -> dict[str, Any]:
    """Return a file as a physical location, a request such as `GET /readyz` as a logical one."""
    if re.match(r"[A-Z]+ /", issue.place):
        return {"logicalLocations": [{"fullyQualifiedName": issue.place, "kind": "resource"}]}
    physical: dict[str, Any] = {"artifactLocation": {"uri": urllib.parse.quote(issue.place)}}
    if issue.line is not None:
        physical["region"] = {"startLine": issue.line}
    return {"physicalLocation": physical}


def _mark(result: dict[str, Any], finding: Finding) -> dict[str, Any]:
    marks: dict[str, Any] = {"partialFingerprints": {_FINGERPRINT: finding.fingerprint}}
    if finding.accepted is not None:
        marks["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return {**result, **marks}
