"""Contract runs of the reference app side by side: `st run` with one and two workers, and our suite.

Each case begins with nothing running and gets services and a database of its own; document, configuration, seed and
number of examples (`EXAMPLES=N` for another) are the same. All figures come from the events that Schemathesis writes.
There is no `ours-2`: our suite sends one case at a time, so that what one operation leaves cannot change what another
one finds.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.record import Sample
from harness.command_line import DEFAULT_TARGET
from harness.launch import launch
from harness.target import Target

SEED = 1
EXAMPLES = int(os.environ.get("EXAMPLES", "20"))
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
FOUND_SOMETHING = 1
SERVICES = ("--services", "embedded")

Documented = Mapping[str, frozenset[str]]


class Reached(NamedTuple):
    """What a run's events say: cases that were answered, and the share of documented statuses among them."""

    cases: int
    coverage: float


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield cases per second, coverage and seconds of each way, one after the other."""
    target = Target.read(DEFAULT_TARGET)
    with launch(target, "embedded") as launched:  # warms the caches too
        documented = documented_in(_document(target, launched.base_url))
    for number in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            ways: dict[str, Callable[[Target, Path], None]] = {
                "st-1": partial(_st_run, 1),
                "st-2": partial(_st_run, 2),
                "ours-1": _ours,
            }
            found: dict[Sample, float] = {}
            for case, way in ways.items():
                events = Path(folder) / f"{case}-{number}.ndjson"
                started = time.monotonic()
                way(target, events)
                wall_s = time.monotonic() - started
                with events.open() as lines:
                    reached = reached_in(lines, documented)
                found[case, "cases_per_s", "1/s"] = reached.cases / wall_s
                found[case, "coverage", ""] = reached.coverage
                found[case, "wall_s", "s"] = wall_s
            yield found


def _st_run(workers: int, target: Target, events: Path) -> None:
    """Run Schemathesis's command as its users do: in the folder of its configuration, with their identities."""
    openapi, auth = target.settings.openapi, target.settings.auth
    assert openapi is not None
    assert openapi.schemathesis is not None
    assert auth is not None
    with launch(target, "embedded") as launched:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{launched.base_url}{openapi.path}"]
        command += ["--url", launched.base_url, "--auth-wfc", str(target.resolve(auth.file))]
        command += ["--workers", str(workers), "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--no-color"]
        command += ["--generation-database", "none", "--report", "ndjson", "--report-ndjson-path", str(events)]
        _run(command, target.resolve(openapi.schemathesis).parent)


def _ours(target: Target, events: Path) -> None:
    with tempfile.TemporaryDirectory() as results:
        command = [sys.executable, "-m", "pytest", "suites/contract", "-q", "-p", "benchmarks.contract_events"]
        command += ["--target", str(target.file), "--results", results, *SERVICES, "--events-to", str(events)]
        _run([*command, "--seed", str(SEED), "--max-examples", str(EXAMPLES)], Path.cwd())


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, FOUND_SOMETHING}:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")


def _document(target: Target, base_url: str) -> Any:
    assert target.settings.openapi is not None
    with urllib.request.urlopen(f"{base_url}{target.settings.openapi.path}", timeout=60) as answer:  # noqa: S310 - ours
        return json.load(answer)


def documented_in(document: Any) -> Documented:
    """Return the documented statuses of each operation."""
    return {
        f"{method} {path}": frozenset(item[method.lower()].get("responses", {}))
        for path, item in document["paths"].items()
        for method in METHODS
        if method.lower() in item
    }


def reached_in(lines: Iterator[str], documented: Documented) -> Reached:
    """Read the events of a run, or of several: each pair of operation and documented status counts once."""
    cases, reached = 0, set()
    for line in lines:
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for name, case in recorder.get("cases", {}).items():
            answer = recorder.get("interactions", {}).get(name, {}).get("response")
            if answer is None:
                continue
            cases += 1
            operation = f"{case['value']['method']} {case['value']['path']}"
            reached |= {(operation, one) for one in documented.get(operation, ()) if _is(answer["status_code"], one)}
    return Reached(cases, len(reached) / sum(map(len, documented.values())))


def _is(status: int, documented: str) -> bool:
    """Whether a status is the documented one: a number, a class such as `4XX`, or `default`."""
    return documented == "default" or re.fullmatch(documented.replace("X", r"\d"), str(status)) is not None
