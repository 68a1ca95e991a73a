"""The Allure report: one HTML file that opens from disk, without a network."""

import datetime as dt
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.command_line import python_command
from harness.errors import Inconclusive
from harness.results import Gate, Run, Status
from reports.allure.finding_results import PARENT_SUITE as CONTRACT
from reports.allure.finding_results import write_findings
from reports.allure.gate_results import PARENT_SUITE, write_gates
from reports.allure.install import FOLDER, AllureUnavailable, installed, run_node
from reports.evidence import Evidence, is_readable
from reports.text import one_line, plural

NAME = "report/allure"
REPRODUCE = python_command("-m", "reports")
GENERATE_TIMEOUT_S = 600.0

_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src data: blob: 'unsafe-inline' 'unsafe-eval'\">\n"
)
_TRACKER = re.compile(r'<script[^>]*src="https?://[^"]*"[^>]*></script>')


def allure_gate(
    gates: tuple[Gate, ...],
    evidence: Evidence,
    results: Path,
    site: Path,
    *,
    say: Callable[[str], None],
    folder: Path = FOLDER,
) -> Gate:
    """Make `site`/allure from pytest's results, what the contract suite found and our gates.

    The gate that this returns says whether it worked.
    """
    try:
        script = installed(say, offline=evidence.offline, folder=folder)
        say("allure: making the report")
        shown = _generate(script, gates, evidence, results, site / "allure")
        status, summary, page = Status.PASS, f"{plural(shown, 'result')} in one file", "site/allure/index.html"
    except Inconclusive as error:
        status, summary, page = Status.INCONCLUSIVE, one_line(str(error), limit=600), None
    bad = status is not Status.PASS
    return Gate(
        name=NAME,
        kind="report",
        status=status,
        summary=summary,
        evidence=page,
        reproduce=REPRODUCE if bad else None,
        accepted="offline" if bad and evidence.offline else None,
    )


def _generate(script: Path, gates: tuple[Gate, ...], evidence: Evidence, results: Path, output: Path) -> int:
    """Return how many results the report shows. Folders are named relative to `results`: Allure takes patterns."""
    with tempfile.TemporaryDirectory(dir=results, prefix="allure-gates-") as staging:
        own = Path(staging, "own")
        own.mkdir()
        _write_own(gates, evidence, results, own)
        config = Path(staging, "config.json")
        config.write_text(json.dumps(_config(evidence.record, output)), encoding="utf-8")
        folders = [str(own.relative_to(results)), *(["allure"] if (results / "allure").is_dir() else [])]
        run_node(
            [script, "generate", "--config", config, *folders],
            directory=results,
            timeout_s=GENERATE_TIMEOUT_S,
            what="allure: generate",
        )
    return _checked(output)


def _write_own(gates: tuple[Gate, ...], evidence: Evidence, results: Path, folder: Path) -> None:
    """Write what Allure does not have from a test: gates, and what the contract suite found."""
    at_ms = _moment_ms(evidence.record)
    write_gates(gates, results, folder, at_ms=at_ms)
    if is_readable(evidence.findings):
        coverage = evidence.contract if is_readable(evidence.contract) else None
        write_findings(evidence.findings, coverage, results, folder, at_ms=at_ms)


def _moment_ms(run: Run | None) -> int:
    """Return when the run began, in Unix milliseconds: gates put there do not stretch Allure's total time."""
    now = dt.datetime.now(tz=dt.UTC)
    moment = dt.datetime.fromisoformat(run.started) if run else now
    return int(moment.timestamp() * 1000)


def _checked(output: Path) -> int:
    """Allure can end well without a report: look at what it made."""
    try:
        shown = json.loads((output / "summary.json").read_bytes())["stats"]["total"]
        _silence(output / "index.html")
    except (OSError, ValueError, LookupError) as error:
        raise AllureUnavailable(f"allure: generate: left no whole report ({error})") from error
    if not shown:
        raise AllureUnavailable("allure: generate: the report shows no results")
    return int(shown)


def _silence(page: Path) -> None:
    """Take out the page's web analytics, and forbid it every address but itself: readers are not counted."""
    silent = page.with_suffix(".silent")
    with page.open(encoding="utf-8") as spoken, silent.open("w", encoding="utf-8") as quiet:
        for line in spoken:
            quiet.write(_TRACKER.sub("", line))
            if line.strip() == "<head>":
                quiet.write(_POLICY)
    silent.replace(page)


def _config(run: Run | None, output: Path) -> dict[str, object]:
    name = f"Proving Ground: {one_line(run.target)}" if run else "Proving Ground"
    options = {"singleFile": True, "reportName": name, "groupBy": ["parentSuite", "suite", "subSuite"]}
    return {
        "name": name,
        "output": str(output),
        "plugins": {"awesome": {"options": options}},
        "variables": _variables(run) if run else {},
        "categories": _categories(),
    }


def _variables(run: Run) -> dict[str, str]:
    machine = run.machine
    services = {service.name: f"{service.version} ({service.provider})" for service in run.services}
    return {
        "target": one_line(run.target),
        "commit": run.commit or "unknown",
        "seed": str(run.seed),
        **services,
        "machine": f"{machine.processor}, {machine.cores} cores, {machine.memory_mb:,} MB",
        "system": machine.system,
        "python": machine.python,
        "started": run.started,
    }


def _categories() -> list[dict[str, object]]:
    """Return the categories, gates and findings before tests: the first that matches takes a result."""
    gates, contract = {"parentSuite": PARENT_SUITE}, {"parentSuite": CONTRACT}
    return [
        {"name": "Gates failed", "matchers": {"statuses": ["failed"], "labels": gates}},
        {"name": "Gates inconclusive", "matchers": {"statuses": ["broken"], "labels": gates}},
        {"name": "Gates accepted for now", "matchers": {"statuses": ["skipped"], "labels": gates}},
        {"name": "Promises of the contract broken", "matchers": {"statuses": ["failed"], "labels": contract}},
        {"name": "Promises broken, accepted for now", "matchers": {"statuses": ["skipped"], "labels": contract}},
        {"name": "Tests failed", "matchers": {"statuses": ["failed"]}},
        {"name": "Tests broken by their environment", "matchers": {"statuses": ["broken"]}},
        {"name": "Tests skipped", "matchers": {"statuses": ["skipped"]}},
    ]
