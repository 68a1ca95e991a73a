"""The contract's findings as Allure results: one for each cause, and one for each operation that kept its word.

A finding keeps its identity from run to run, since that is made of its name: code, operation, check and message. It is
failed while nobody accepted it and skipped, as a known one, while somebody does.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.contract_findings import HAR, ContractFinding, ContractFindings, Step
from harness.contract_records import ContractCoverage, OperationReach
from reports.evidence import file_inside
from reports.text import plural

PARENT_SUITE = "contract"
_CRITICAL = "F100"
_AGAIN = {True: "shown again on a fresh target", False: "not shown again on a fresh target", None: "not tried again"}
_ORIGIN = re.compile(r"https?://[^/\s]+")


class Attached(msgspec.Struct, frozen=True):
    """What a result carries as a file."""

    name: str
    suffix: str
    media_type: str
    content: str


def write_findings(
    document: ContractFindings, coverage: ContractCoverage | None, evidence_folder: Path, folder: Path, *, at_ms: int
) -> None:
    """Write what the contract suite found into a folder of Allure results; `at_ms` is when, in Unix milliseconds."""
    exchanges = _exchanges(evidence_folder)
    for finding in document.findings:
        _write(_finding(finding), list(_attachments(finding, exchanges)), folder, at_ms)
    for death in document.deaths:
        _write(_death(death, document.seed), [], folder, at_ms)
    broken = {finding.operation for finding in document.findings}
    for operation in coverage.operations if coverage else ():
        if operation.statuses and operation.operation not in broken:
            _write(_kept(operation, _blind(document, operation.operation)), [], folder, at_ms)


def _write(result: dict[str, Any], attached: list[Attached], folder: Path, at_ms: int) -> None:
    identity = hashlib.sha256(f"contract/{result['fullName']}".encode()).hexdigest()[:32]
    sources = [f"{identity}-{number}-attachment{one.suffix}" for number, one in enumerate(attached)]
    for source, one in zip(sources, attached, strict=True):
        (folder / source).write_text(one.content, encoding="utf-8", errors="replace")
    whole = {
        **result,
        "uuid": str(uuid.UUID(identity)),
        "historyId": identity,
        "testCaseId": identity,
        "stage": "finished",
        "start": at_ms,
        "stop": at_ms,
        "attachments": [
            {"name": one.name, "source": source, "type": one.media_type}
            for source, one in zip(sources, attached, strict=True)
        ],
    }
    (folder / f"{identity}-result.json").write_text(json.dumps(whole), encoding="utf-8")


def _finding(finding: ContractFinding) -> dict[str, Any]:
    accepted = finding.accepted
    message = f"{finding.message} ({finding.code} {finding.fault}; {finding.check})"
    return {
        "fullName": finding.name,
        "name": f"{finding.code} {finding.message}",
        "status": "skipped" if accepted else "failed",
        "statusDetails": {
            "known": bool(accepted),
            "message": f"accepted: {accepted}. {message}" if accepted else message,
            "trace": "\n".join([*finding.curl, "", finding.reproduce]),
        },
        "description": _described(finding),
        "parameters": _parameters(finding.seed),
        "labels": _labels(finding.operation, severity=_severity(finding.code), tag=finding.code, story=finding.check),
    }


def _described(finding: ContractFinding) -> str:
    """Say in Markdown how the finding was seen, and how anybody sees it; what is quoted cannot end its block."""
    seen = f"seen {plural(finding.seen, 'time')} by {finding.check}, in the phase {finding.phase}"
    accepted = [f"Accepted: {finding.accepted}"] if finding.accepted else []
    return "\n\n".join(
        [
            f"{finding.code}, {finding.fault}: {seen}; {_AGAIN[finding.reproduced]}.",
            f"The example: {finding.shrinking or 'as it was sent'}.",
            *accepted,
            f"Seed {finding.seed}. Shown again by:",
            "\n".join(f"    {line}" for line in finding.reproduce.splitlines()),
        ]
    )


def _death(request: str, seed: int) -> dict[str, Any]:
    return {
        "fullName": f"death {_ORIGIN.sub('', request)}",  # the port is another one each time
        "name": "The target ended, and had to be started again",
        "status": "failed",
        "statusDetails": {"message": "the target did not survive a request", "trace": request},
        "parameters": _parameters(seed),
        "labels": _labels("the target", severity="blocker"),
    }


def _blind(document: ContractFindings, operation: str) -> list[str]:
    """Return the laws of whose breach on this operation nobody could have seen anything."""
    return [law.law for law in document.laws if operation in law.blind]


def _kept(operation: OperationReach, blind: list[str]) -> dict[str, Any]:
    statuses = ", ".join(map(str, operation.statuses))
    unseen = f" Nobody could have seen a breach of {', '.join(blind)}." if blind else ""
    return {
        "fullName": f"kept {operation.operation}",
        "name": "keeps its contract",
        "status": "passed",
        "description": f"{plural(operation.cases, 'case')}, answered {statuses}.{unseen}",
        "labels": _labels(operation.operation, severity="normal"),
    }


def _parameters(seed: int) -> list[dict[str, Any]]:
    return [{"name": "seed", "value": str(seed), "excluded": True}]  # the same finding, whatever showed it


def _labels(suite: str, **others: str) -> list[dict[str, str]]:
    pairs = {"parentSuite": PARENT_SUITE, "suite": suite, **others}
    return [{"name": name, "value": value} for name, value in pairs.items()]


def _severity(code: str) -> str:
    """Security faults first; the catalogue has them from F200 on, and what is not of the catalogue from F900 on."""
    return "blocker" if code.startswith("F2") else "critical" if code == _CRITICAL else "normal"


def _attachments(finding: ContractFinding, exchanges: dict[str, Any]) -> Iterator[Attached]:
    yield Attached("minimal example", ".txt", "text/plain", "\n\n".join(_as_text(step) for step in finding.steps))
    yield Attached("curl", ".sh", "text/plain", "\n".join([*finding.curl, ""]))
    entries = exchanges.get("entries", [])
    own = [entries[position] for position in finding.har_entries if position < len(entries)]
    if own:
        parts = {name: part for name, part in exchanges.items() if name != "pages"}  # those of all findings
        har = json.dumps({"log": {**parts, "entries": own}}, indent=1)
        yield Attached("exchange", ".har", "application/json", har)


def _as_text(step: Step) -> str:
    """Return a request as HTTP writes it, below whose it was."""
    body = step.body if step.body_base64 is None else f"(base64) {step.body_base64}"
    lines = [f"# as {step.identity}"] if step.identity else []
    lines += [f"{step.method} {step.path}", *(f"{name}: {value}" for name, value in step.headers.items())]
    return "\n".join([*lines, *(["", body] if body is not None else [])])


def _exchanges(evidence_folder: Path) -> dict[str, Any]:
    """Return the log of the findings' HAR file; an empty one where it cannot be read, since findings tell enough."""
    file = file_inside(evidence_folder, HAR)
    try:
        parsed = json.loads(file.read_bytes()) if file else {}
    except ValueError:
        return {}
    log = parsed.get("log") if isinstance(parsed, dict) else None
    return log if isinstance(log, dict) and isinstance(log.get("entries"), list) else {}
