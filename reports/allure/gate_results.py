"""Our gates as Allure results, so that its one report shows tests, contract, load and security.

Each has an identity made from its name, which stays the same from run to run.
"""

import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from harness.results import Gate, Status
from reports.evidence import file_inside

PARENT_SUITE = "gates"
STEPS_SHOWN = 200
_ATTACHED_BYTES = 2_000_000
_STATUSES = {Status.PASS: "passed", Status.FAIL: "failed", Status.INCONCLUSIVE: "broken"}
_SEVERITIES = {"security": "critical", "load": "normal", "contract": "normal"}
_MEDIA_TYPES = {".sarif": "application/json", ".json": "application/json", ".xml": "application/xml"}


def write_gates(gates: tuple[Gate, ...], evidence_folder: Path, folder: Path, *, at_ms: int) -> None:
    """Write the gates that Allure does not already have as tests; `at_ms` is when, in Unix milliseconds."""
    for gate in gates:
        if gate.kind != "suite" or gate.status is Status.INCONCLUSIVE:
            result = _result(gate, _attach(gate, evidence_folder, folder), at_ms)
            (folder / f"{result['uuid']}-result.json").write_text(json.dumps(result), encoding="utf-8")


def _result(gate: Gate, attachments: list[dict[str, str]], at_ms: int) -> dict[str, Any]:
    identity = _identity(gate)
    return {
        "uuid": str(uuid.UUID(identity)),
        "historyId": identity,
        "testCaseId": identity,
        "fullName": gate.name,
        "name": gate.name,
        "status": _status(gate),
        "statusDetails": {"message": _message(gate), "trace": _trace(gate)},
        "stage": "finished",
        "start": at_ms,
        "stop": at_ms,
        "labels": [
            {"name": "parentSuite", "value": PARENT_SUITE},
            {"name": "suite", "value": gate.kind},
            {"name": "severity", "value": _SEVERITIES.get(gate.kind, "blocker")},
        ],
        "steps": [_step(gate, failure.what, at_ms) for failure in gate.failures[:STEPS_SHOWN]],
        "attachments": attachments,
    }


def _identity(gate: Gate) -> str:
    return hashlib.sha256(f"gate/{gate.name}".encode()).hexdigest()[:32]


def _status(gate: Gate) -> str:
    return "skipped" if gate.accepted else _STATUSES[gate.status]


def _message(gate: Gate) -> str:
    return f"{gate.status}, accepted ({gate.accepted}): {gate.summary}" if gate.accepted else gate.summary


def _trace(gate: Gate) -> str:
    commands = (gate.reproduce, *(failure.reproduce for failure in gate.failures[:STEPS_SHOWN]))
    return "\n".join(dict.fromkeys(command for command in commands if command))


def _step(gate: Gate, what: str, at_ms: int) -> dict[str, Any]:
    return {"name": what, "status": _status(gate), "stage": "finished", "start": at_ms, "stop": at_ms}


def _attach(gate: Gate, evidence_folder: Path, folder: Path) -> list[dict[str, str]]:
    """Copy the gate's evidence beside its result; a large file stays where it is, and the site links to it."""
    file = file_inside(evidence_folder, gate.evidence)
    if file is None or file.stat().st_size > _ATTACHED_BYTES:
        return []
    source = f"{_identity(gate)}-attachment{file.suffix}"
    shutil.copyfile(file, folder / source)
    return [
        {
            "name": str(file.relative_to(evidence_folder)),
            "source": source,
            "type": _MEDIA_TYPES.get(file.suffix, "text/plain"),
        }
    ]
