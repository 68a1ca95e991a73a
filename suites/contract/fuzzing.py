"""One run of Schemathesis as a process of its own, and what its event stream says.

The command line's engine is used rather than the pytest plugin: it learns from earlier answers, keeps captured
ids and signs in anew, which the plugin does not.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.command_line import own_environment
from harness.contract_records import OperationReach
from harness.guardian import Guardian
from suites.contract.causes import operation_of
from suites.contract.engine_address import ADDRESS
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
    operations: tuple[str, ...]
    seed_address: str | None


Scenario = tuple[str, dict[str, Any]]
"""A phase, and the recording of one finished scenario of it: cases, their checks and interactions."""


class FuzzRun(msgspec.Struct, frozen=True, kw_only=True):
    """How a run went: whether it was complete, what it reached, and all that was recorded."""

    complete: bool
    stop_reason: str
    errors: tuple[str, ...]
    phases: dict[str, str]
    reach: tuple[OperationReach, ...]
    exchanges: tuple[Exchange, ...]
    scenarios: tuple[Scenario, ...]
    output: str


def fuzz(request: Request, guardian: Guardian) -> FuzzRun:
    """Run Schemathesis over the document and return what it found."""
    folder = guardian.folder / "schemathesis"
    folder.mkdir()
    # Paths in a configuration file, such as that of its hooks, count from the file.
    cwd = request.configuration.parent if request.configuration else folder
    process = guardian.spawn(
        _command(request, folder), output=folder / "output.txt", cwd=cwd, env=_environment(request, guardian)
    )
    process.wait(RUN_TIMEOUT_S)
    report = folder / "report.json"
    if not report.exists():
        return _nothing(process.last_output())
    summary = json.loads(report.read_text())
    scenarios = tuple(_scenarios(folder / "events.ndjson"))
    return FuzzRun(
        complete=summary["complete"],
        stop_reason=summary["stop_reason"],
        errors=tuple(f"{error.get('title', 'error')}: {error.get('message', '')}" for error in summary["errors"]),
        phases={name: phase["status"] for name, phase in summary["phases"].items()},
        reach=_reach(scenarios),
        exchanges=tuple(exchanges_of(recorder for _phase, recorder in scenarios)),
        scenarios=scenarios,
        output=process.last_output(),
    )


def _command(request: Request, folder: Path) -> list[str | Path]:
    command: list[str | Path] = [sys.executable, "-m", "suites.contract.engine"]
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
        ",".join(ALONE if request.operations else PHASES),
        "--continue-on-failure",
        *("--workers", "1"),  # what keeps operations apart needs one at a time
    ]
    command += ["--seed", str(request.seed), "--max-examples", str(request.max_examples), "--no-color"]
    command += ["--generation-database", "none", "--report", "json,ndjson"]
    command += ["--report-json-path", folder / "report.json", "--report-ndjson-path", folder / "events.ndjson"]
    if request.auth_file:
        command += ["--auth-wfc", request.auth_file]
    for operation in request.operations:
        command += ["--include-name", operation]
    return command


def _environment(request: Request, guardian: Guardian) -> dict[str, str]:
    address = {ADDRESS: request.seed_address} if request.seed_address else {}
    return own_environment({**os.environ, **address, "TMPDIR": str(guardian.folder)})


def _nothing(output: str) -> FuzzRun:
    return FuzzRun(
        complete=False,
        stop_reason="Schemathesis wrote no report",
        errors=(),
        phases={},
        reach=(),
        exchanges=(),
        scenarios=(),
        output=output,
    )


def _scenarios(events: Path) -> Iterator[Scenario]:
    """Yield every finished scenario that sent something."""
    with events.open() as lines:
        for line in lines:
            event = json.loads(line).get("ScenarioFinished")
            if event and event["recorder"].get("cases"):
                yield event["phase"], {"checks": {}, "interactions": {}, **event["recorder"]}


def _reach(scenarios: tuple[Scenario, ...]) -> tuple[OperationReach, ...]:
    statuses: dict[str, list[int]] = defaultdict(list)
    for _, recorder in scenarios:
        for case_id, case in recorder["cases"].items():
            answer = (recorder["interactions"].get(case_id) or {}).get("response")
            if answer:
                statuses[operation_of(case)].append(answer["status_code"])
    return tuple(
        OperationReach(operation=operation, cases=len(seen), statuses=tuple(sorted(set(seen))), unseen=())
        for operation, seen in sorted(statuses.items())
    )
