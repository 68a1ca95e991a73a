"""Contract runs of the reference app side by side: `st run` with one and two workers, our suite on one and two cores.

Each case begins with nothing running and gets services and a database of its own; document, configuration, seed and
number of examples (`EXAMPLES=N` for another) are the same. All figures come from the events that Schemathesis writes,
and are of what there is to reach in the document (`suites/contract/reach`), measured alike for all cases. Status 414 is
left out: `st run` has nothing that asks for it.

Seconds count from the command's start: the start of services, target and tool is in, for `st` too (`first_case_s` says
when the first answer was there), and so is, in `wall_s`, what our suite does when Schemathesis has ended.
`to_st1_s` is when a case had reached as much as `st-1` in the end, and `to_st1_ratio` that beside the moment at which
`st-1` itself had; `to_st1_warm` is the same from the first answer on. `reaches_st1` is 0 for a case that never did.
"""

import json
import os
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
from suites.contract.reach.exchanges import Exchange, exchanges_of
from suites.contract.reach.goals import METHODS
from suites.contract.reach.growth import Growth, growth

SEED = 1
EXAMPLES = int(os.environ.get("EXAMPLES", "20"))
FOUND_SOMETHING = 1
NEVER_ASKED_FOR = "414"
SERVICES = ("--services", "embedded")
REQUESTS = (500, 1000)
SECONDS = (5, 10, 20, 30)
"""Where the curves are read, beside the least number of requests that a case sent and the end of st-1."""
STANDARD = "st-1"


class Case(NamedTuple):
    """One way's run: how long it took in all, and how its reach grew."""

    wall_s: float
    growth: Growth


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield the figures of each way, one way after the other."""
    target = Target.read(DEFAULT_TARGET)
    with launch(target, "embedded") as launched:  # warms the caches too
        document = _document(target, launched.base_url)
    ways: dict[str, Callable[[Target, Path], None]] = {
        STANDARD: partial(_st_run, 1),
        "st-2": partial(_st_run, 2),
        "ours-1": partial(_ours, 1),
        "ours-2": partial(_ours, 2),
    }
    for _ in range(repeats):
        yield figures({name: _case(way, target, document) for name, way in ways.items()})


def _case(way: Callable[[Target, Path], None], target: Target, document: Any) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.ndjson"
        began, started = time.time(), time.monotonic()
        way(target, events)
        wall_s = time.monotonic() - started
        with events.open() as lines:
            return Case(wall_s, growth(document, _exchanges(lines), began))


def figures(cases: Mapping[str, Case]) -> dict[Sample, float]:
    """Return what is told of each case, and of it beside the standard."""
    found: dict[Sample, float] = {}
    fewest = min(case.growth.exchanges for case in cases.values())
    for name, (wall_s, grown) in cases.items():
        found |= {
            (name, "wall_s", "s"): wall_s,
            (name, "first_case_s", "s"): grown.first_s,
            (name, "cases", ""): grown.exchanges,
            (name, "cases_per_s", "1/s"): grown.exchanges / wall_s,
            (name, "coverage", ""): grown.after(grown.exchanges),
        }
        found |= {(name, kind, ""): count / grown.totals[kind] for kind, count in grown.reached().items()}
        found |= {(name, f"cover@{count}", ""): grown.after(count) for count in REQUESTS}
        found |= {(name, "cover@fewest", ""): grown.after(fewest)}
        found |= {(name, f"cover@{seconds}s", ""): grown.at(seconds) for seconds in SECONDS}
        found |= {(name, "cover@st-1", ""): grown.at(cases[STANDARD].wall_s)}
        found |= beside_standard(name, grown, cases[STANDARD].growth)
    return found


def beside_standard(name: str, grown: Growth, standard: Growth) -> dict[Sample, float]:
    """Return when a case had reached what the standard reached in the end, and that in parts of the standard's time."""
    things = sum(standard.reached().values())
    taken, at_most = grown.when(things), standard.when(things)
    if taken is None or at_most is None:
        return {(name, "reaches_st1", ""): 0}
    return {
        (name, "reaches_st1", ""): 1,
        (name, "to_st1_s", "s"): taken,
        (name, "to_st1_ratio", ""): taken / at_most,
        (name, "to_st1_warm", ""): (taken - grown.first_s) / (at_most - standard.first_s),
    }


def _exchanges(lines: Iterator[str]) -> Iterator[Exchange]:
    """Yield what the events of a run, or of several, say was answered."""
    finished = (json.loads(line).get("ScenarioFinished", {}).get("recorder", {}) for line in lines)
    return exchanges_of({"interactions": {}, **recorder} for recorder in finished)


def _st_run(workers: int, target: Target, events: Path) -> None:
    """Run Schemathesis's command as its users do: in the folder of its configuration, with their identities.

    For the first time, that is: it keeps what it learns for the next one, which would be another measurement.
    """
    openapi, auth = target.settings.openapi, target.settings.auth
    assert openapi is not None
    assert openapi.schemathesis is not None
    assert auth is not None
    settings = target.resolve(openapi.schemathesis)
    with launch(target, "embedded") as launched, tempfile.NamedTemporaryFile("w", suffix=".toml") as forgetful:
        forgetful.write(f"{settings.read_text()}\n[cache]\nenabled = false\n")
        forgetful.flush()
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", forgetful.name]
        command += ["run", f"{launched.base_url}{openapi.path}"]
        command += ["--url", launched.base_url, "--auth-wfc", str(target.resolve(auth.file))]
        command += ["--workers", str(workers), "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--no-color"]
        command += ["--generation-database", "none", "--report", "ndjson", "--report-ndjson-path", str(events)]
        _run(command, settings.parent)


def _ours(processes: int, target: Target, events: Path) -> None:
    with tempfile.TemporaryDirectory() as results:
        command = [sys.executable, "-m", "pytest", "suites/contract", "-q", "-p", "benchmarks.contract_events"]
        command += ["--target", str(target.file), "--results", results, *SERVICES, "--events-to", str(events)]
        command += ["--processes", str(processes), "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
        _run(command, Path.cwd())


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, FOUND_SOMETHING}:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")


def _document(target: Target, base_url: str) -> Any:
    assert target.settings.openapi is not None
    with urllib.request.urlopen(f"{base_url}{target.settings.openapi.path}", timeout=60) as answer:  # noqa: S310 - ours
        document = json.load(answer)
    for item in document["paths"].values():
        for method in item.keys() & METHODS:
            item[method]["responses"].pop(NEVER_ASKED_FOR, None)
    return document
