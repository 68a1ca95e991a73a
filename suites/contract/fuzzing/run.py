"""Schemathesis in processes of its own, side by side where that is wanted, and what their event streams say.

The command line's engine is used rather than the pytest plugin: it learns from earlier answers, keeps captured
ids and signs in anew, which the plugin does not.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.command_line import own_environment
from harness.errors import TimedOut
from harness.guardian import GuardedProcess, Guardian
from suites.contract.fuzzing.engine_address import ADDRESS, SHARE
from suites.contract.fuzzing.losses import Recorded, Scenario
from suites.contract.fuzzing.sharing import Share
from suites.contract.reach.exchanges import Exchange, exchanges_of

PHASES = ("examples", "coverage", "fuzzing", "stateful")
ALONE = PHASES[:-1]  # one operation has no links to others
PROGRESS_EVERY_S = 10.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to fuzz, and how; `operations` are those that were asked for, none means all.

    `prefix` is the path on each target at which the document's paths begin.
    """

    document: str
    prefix: str = ""
    auth_file: Path | None
    configuration: Path | None
    seed: int
    max_examples: int
    operations: tuple[str, ...]
    longest_s: float


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one of several engines does: which operations, against which of the targets.

    `number` counts from 1 to `of`, the last of which also makes the sequences of calls, over all operations.
    """

    number: int
    of: int
    share: Share
    base_url: str
    seed_address: str | None

    def __str__(self) -> str:
        return f"engine {self.number} of {self.of}"


class FuzzRun(msgspec.Struct, frozen=True, kw_only=True):
    """How a run went: whether it was complete, which phases were interrupted, and all that was recorded."""

    complete: bool
    stop_reason: str
    errors: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    output: str = ""

    @property
    def statuses(self) -> dict[str, set[int]]:
        """The statuses with which each operation answered."""
        seen: dict[str, set[int]] = defaultdict(set)
        for exchange in self.exchanges():
            seen[exchange.operation].add(exchange.status)
        return seen

    def exchanges(self) -> Iterator[Exchange]:
        """Yield everything that was sent and answered."""
        return exchanges_of(recorder for _phase, recorder in self.scenarios)


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """Schemathesis, at work; it is given `longest_s` seconds, until `deadline_s` of the monotonic clock."""

    part: Part
    process: GuardedProcess
    folder: Path
    longest_s: float
    deadline_s: float

    def finish(self, go_on: Callable[[], object]) -> FuzzRun:
        """Wait for its end, or end it when its time is over, and return what was recorded until then.

        `go_on` is called now and then while it works.
        """
        stop_reason = self._await_end(go_on)
        summary = _summary(self.folder / "report.json")
        recorded = Recorded(_events(self.folder / "events.ndjson"))
        phases = summary.get("phases", {})
        return FuzzRun(
            complete=summary.get("complete", False),
            stop_reason=f"{self.part}: {summary.get('stop_reason', stop_reason)}",
            errors=tuple(recorded.errors),
            interrupted=tuple(name for name, phase in phases.items() if phase["status"] == "interrupted"),
            scenarios=tuple(recorded.scenarios),
            output=self.process.last_output(),
        )

    def _await_end(self, go_on: Callable[[], object]) -> str:
        """Return why it would have written no report."""
        while (left_s := self.deadline_s - time.monotonic()) > 0:
            try:
                code = self.process.wait(min(left_s, PROGRESS_EVERY_S))
            except TimedOut:
                go_on()
            else:
                return f"Schemathesis ended with code {code} and without a report"
        self.process.stop()
        return f"it was not done within {self.longest_s:g} s, and was ended; --longest-s gives it more"


class WaitingEngine(msgspec.Struct, frozen=True, kw_only=True):
    """The process of an engine, which imports Schemathesis while its target starts, and waits to be told what to do.

    `orders` is the pipe that tells it (`waiting.py`): open for reading too, so that to write a line blocks nobody.
    """

    process: GuardedProcess
    folder: Path
    orders: int

    def start(self, request: Request, part: Part) -> Engine:
        """Have it work on a part of the document."""
        environment = _environment(part, self.folder)
        orders = {"arguments": _arguments(request, part, self.folder), "environment": environment}
        os.write(self.orders, json.dumps(orders).encode() + b"\n")
        return Engine(
            part=part,
            process=self.process,
            folder=self.folder,
            longest_s=request.longest_s,
            deadline_s=time.monotonic() + request.longest_s,
        )

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self.orders)


def start_waiting(number: int, configuration: Path | None, guardian: Guardian) -> WaitingEngine:
    """Start the process of an engine."""
    folder = guardian.folder / f"schemathesis-{number}"
    folder.mkdir()
    pipe = guardian.folder / f"orders-{number}"
    os.mkfifo(pipe, 0o600)
    process = guardian.spawn(
        [sys.executable, "-m", "suites.contract.fuzzing.waiting", pipe],
        output=folder / "output.txt",
        # Paths in a configuration file, such as that of its hooks, count from the file.
        cwd=configuration.parent if configuration else folder,
        env=own_environment({**os.environ, "TMPDIR": str(guardian.folder)}),
    )
    return WaitingEngine(process=process, folder=folder, orders=os.open(pipe, os.O_RDWR))


def merged(runs: Sequence[FuzzRun]) -> FuzzRun:
    """Return several parts as one run, in their order: complete when all of them are, else it says which are not."""
    unfinished = [run for run in runs if not run.complete]
    return FuzzRun(
        complete=not unfinished,
        stop_reason="; ".join(run.stop_reason for run in unfinished or runs),
        errors=tuple(dict.fromkeys(error for run in runs for error in run.errors)),
        interrupted=tuple(phase for run in runs for phase in run.interrupted),
        scenarios=tuple(scenario for run in runs for scenario in run.scenarios),
        output="".join(run.output for run in unfinished or runs),
    )


def _arguments(request: Request, part: Part, folder: Path) -> list[str]:
    command: list[str | Path] = []
    if request.configuration:
        command += ["--config-file", request.configuration]
    command += [
        "run",
        request.document,
        "--url",
        part.base_url,
        "--phases",
        ",".join(ALONE if request.operations or part.number < part.of else PHASES),
        "--continue-on-failure",
        *("--workers", "1"),  # what keeps operations apart needs one at a time; several engines have a target each
    ]
    command += ["--seed", str(request.seed), "--max-examples", str(request.max_examples), "--no-color"]
    command += ["--generation-database", "none", "--report", "json,ndjson"]
    command += ["--report-json-path", folder / "report.json", "--report-ndjson-path", folder / "events.ndjson"]
    if request.auth_file:
        command += ["--auth-wfc", request.auth_file]
    return [str(word) for word in command]


def _environment(part: Part, folder: Path) -> dict[str, str]:
    share = folder / "share.json"
    share.write_text(json.dumps(part.share))
    address = {ADDRESS: part.seed_address} if part.seed_address else {}
    return {**address, SHARE: str(share)}


def _summary(report: Path) -> dict[str, Any]:
    """Return what the engine says of the run as a whole; nothing where it did not come to that, or not to its end."""
    try:
        found: dict[str, Any] = json.loads(report.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _events(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a run; the last one may be torn, where the run was ended, or none be there at all."""
    if not file.exists():
        return
    with file.open() as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
