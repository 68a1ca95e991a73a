"""One run of Schemathesis as a process of its own, and what its event stream says.

The command line's engine is used rather than the pytest plugin: it learns from earlier answers, keeps captured
ids and signs in anew, which the plugin does not.
"""

import base64
import json
import os
import shlex
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.command_line import python_command
from harness.contract_records import OperationReach
from harness.guardian import Guardian
from harness.results import Failure
from suites.contract.reach.exchanges import Exchange, exchanges_of

PHASES = ("examples", "coverage", "fuzzing", "stateful")
ALONE = PHASES[:-1]  # one operation has no links to others
RUN_TIMEOUT_S = 1800.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to fuzz, and how."""

    document: str
    base_url: str
    auth_file: Path | None
    configuration: Path | None
    seed: int
    max_examples: int
    operation: str | None
    reproduce: tuple[str, ...]


class FuzzRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found: whether it was complete, what it reached, and each distinct failed check."""

    complete: bool
    stop_reason: str
    errors: tuple[str, ...]
    phases: dict[str, str]
    reach: tuple[OperationReach, ...]
    exchanges: tuple[Exchange, ...]
    failures: tuple[Failure, ...]
    output: str


def fuzz(request: Request, guardian: Guardian, allure: Path) -> FuzzRun:
    """Run Schemathesis over the document and return what it found."""
    folder = guardian.folder / "schemathesis"
    folder.mkdir()
    # Paths in a configuration file, such as that of its hooks, count from the file.
    cwd = request.configuration.parent if request.configuration else folder
    process = guardian.spawn(
        _command(request, folder, allure), output=folder / "output.txt", cwd=cwd, env=_environment(guardian)
    )
    process.wait(RUN_TIMEOUT_S)
    report = folder / "report.json"
    if not report.exists():
        return _nothing(process.last_output())
    summary = json.loads(report.read_text())
    scenarios = list(_scenarios(folder / "events.ndjson"))
    return FuzzRun(
        complete=summary["complete"],
        stop_reason=summary["stop_reason"],
        errors=tuple(f"{error.get('title', 'error')}: {error.get('message', '')}" for error in summary["errors"]),
        phases={name: phase["status"] for name, phase in summary["phases"].items()},
        reach=_reach(scenarios),
        exchanges=tuple(exchanges_of(scenarios)),
        failures=_failures(scenarios, request),
        output=process.last_output(),
    )


def _command(request: Request, folder: Path, allure: Path) -> list[str | Path]:
    command: list[str | Path] = [sys.executable, "-m", "schemathesis.cli"]
    if request.configuration:
        command += ["--config-file", request.configuration]
    command += [
        "run",
        request.document,
        "--url",
        request.base_url,
        "--checks",
        "all",
        "--phases",
        ",".join(ALONE if request.operation else PHASES),
        "--continue-on-failure",
    ]
    command += ["--seed", str(request.seed), "--max-examples", str(request.max_examples), "--no-color"]
    command += ["--generation-database", "none", "--report", "json,ndjson,allure"]
    command += ["--report-json-path", folder / "report.json", "--report-ndjson-path", folder / "events.ndjson"]
    command += ["--report-allure-path", allure]
    if request.auth_file:
        command += ["--auth-wfc", request.auth_file]
    if request.operation:
        command += ["--include-name", request.operation]
    return command


def _environment(guardian: Guardian) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(guardian.folder)}


def _nothing(output: str) -> FuzzRun:
    return FuzzRun(
        complete=False,
        stop_reason="Schemathesis wrote no report",
        errors=(),
        phases={},
        reach=(),
        exchanges=(),
        failures=(),
        output=output,
    )


def _scenarios(events: Path) -> Iterator[dict[str, Any]]:
    """Yield the recorder of every finished scenario: its cases, their checks and interactions."""
    with events.open() as lines:
        for line in lines:
            event = json.loads(line).get("ScenarioFinished")
            if event and event["recorder"].get("cases"):
                yield event["recorder"]


def _reach(scenarios: list[dict[str, Any]]) -> tuple[OperationReach, ...]:
    statuses: dict[str, list[int]] = defaultdict(list)
    for recorder in scenarios:
        for case_id, case in recorder["cases"].items():
            answer = (recorder["interactions"].get(case_id) or {}).get("response")
            if answer:
                statuses[_operation(case)].append(answer["status_code"])
    return tuple(
        OperationReach(operation=operation, cases=len(seen), statuses=tuple(sorted(set(seen))), unseen=())
        for operation, seen in sorted(statuses.items())
    )


def _operation(case: dict[str, Any]) -> str:
    return f"{case['value']['method']} {case['value']['path']}"


def _failures(scenarios: list[dict[str, Any]], request: Request) -> tuple[Failure, ...]:
    """Return one failure for each operation, check and title, with the first request that showed it."""
    found: dict[tuple[str, str, str], Failure] = {}
    for recorder in scenarios:
        for case_id, checks in recorder["checks"].items():
            for check in checks:
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    operation = failure.get("operation") or _operation(recorder["cases"][case_id])
                    key = (operation, check["name"], failure["title"])
                    if key not in found:
                        found[key] = _failure(operation, check["name"], failure, recorder, case_id, request)
    return tuple(found[key] for key in sorted(found))


def _failure(
    operation: str, check: str, failure: dict[str, Any], recorder: dict[str, Any], case_id: str, request: Request
) -> Failure:
    detail = " ".join(failure["message"].split())
    sent = _curl((recorder["interactions"].get(case_id) or {}).get("request"))
    what = f"{operation}: {failure['title']} ({check}). {detail}".rstrip(". ") + f". Sent: {sent}"
    # All operations again, not this one alone: what it was sent may come from what another one had created.
    return Failure(what=what, reproduce=python_command(*request.reproduce))


def _curl(sent: dict[str, Any] | None) -> str:
    """Return the request as a curl line; the address is this run's, and secrets are filtered by Schemathesis."""
    if sent is None:
        return "nothing"
    headers = [word for name, values in sent["headers"].items() for word in ("-H", f"{name}: {values[0]}")]
    return shlex.join(["curl", "-X", sent["method"], *headers, *_body(sent), sent["uri"]])


def _body(sent: dict[str, Any]) -> list[str]:
    """Return curl's words for a body; one that is not text is left to the evidence of Schemathesis."""
    encoded = (sent.get("body") or {}).get("$base64")
    if not encoded:
        return []
    try:
        return ["--data-raw", base64.b64decode(encoded).decode()]
    except UnicodeDecodeError:
        return ["--data-binary", "@binary"]
