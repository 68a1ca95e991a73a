"""What a failed test leaves: a line that reproduces it, and its database."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.command_line import python_command
from harness.connection_strings import without_password
from harness.results import Results
from harness.services.binaries import postgres_tool

_DUMP_TIMEOUT_S = 60


def explain(report: pytest.TestReport, item: pytest.Item) -> None:
    """Put the reproduction line, and the way to the test's database, where people look."""
    line = reproduction(item)
    report.sections.append(("reproduce", line))
    report.user_properties.append(("reproduce", line))
    item.user_properties.append(("reproduce", line))  # JUnit takes them from the report of the teardown, made later
    if url := getattr(item, "funcargs", {}).get("database_url"):
        report.sections.append(("database", _keep_database(url, item)))


def reproduction(item: pytest.Item) -> str:
    """Return the shell line that runs one test again, with the same target, services and seed."""
    option, here = item.config.option, Path.cwd()
    file = item.path.relative_to(here) if item.path.is_relative_to(here) else item.path
    test = "::".join([str(file), *item.nodeid.split("::")[1:]])
    return python_command(
        *("-m", "pytest", test, "--target", option.target),
        *("--services", option.services, "--seed", str(option.seed)),
    )


def fail_skips_in_ci(report: pytest.TestReport) -> None:
    """Turn a skip into a failure: in CI nothing may be missing."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason}; a skip is a failure in CI (CI=true)"


def _keep_database(url: str, item: pytest.Item) -> str:
    """Dump a failed test's database into the results, and return how to open it."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", item.nodeid)[-120:].strip("-")
    dump = Results(item.config.option.results).folder / "databases" / f"{name}.dump"
    dump.parent.mkdir(parents=True, exist_ok=True)
    bare, environment = without_password(url)
    done = subprocess.run(
        [postgres_tool("pg_dump"), "--format=custom", f"--file={dump}", "--dbname", bare],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=_DUMP_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        return f"could not be kept: {done.stderr.strip()}"
    return f"kept; open it: {python_command('-m', 'harness', 'open', dump)}"
