"""`python -m reports`: make the verdict and the report from what lies under results/."""

import argparse
import os
import sys
from pathlib import Path

from harness.command_line import DEFAULT_RESULTS, DEFAULT_TARGET, offline, parser, run_edge
from harness.results import Results, Verdict
from reports.report import make_report
from reports.text import one_line
from reports.verdict import counts, not_passed

FAILURES_PRINTED = 3


def main() -> int:
    """Make the report, print the verdict last, and return its exit code."""
    options = _parser().parse_args()
    results = Results(options.results).prepare()
    in_ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    verdict = make_report(results, options.target, ci=in_ci, offline=offline(), say=_say)
    _print(verdict, options.results)
    return verdict.status.exit_code


def _parser() -> argparse.ArgumentParser:
    options = parser("python -m reports", "Make the verdict and the report from the evidence in a results folder.")
    options.add_argument(
        "--target", type=Path, default=DEFAULT_TARGET, metavar="PATH", help="whose waivers apply (default: %(default)s)"
    )
    options.add_argument(
        "--results", type=Path, default=DEFAULT_RESULTS, metavar="DIR", help="evidence folder (default: %(default)s)"
    )
    return options


def _say(line: str) -> None:
    print(line, flush=True)


def _print(verdict: Verdict, folder: Path) -> None:
    """Print each gate that is not `pass`, then the verdict, then where the report is."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without UTF-8 still gets its verdict
    for note in verdict.notes:
        print(f"note: {one_line(note)}")
    for gate in reversed(not_passed(verdict.gates)):
        accepted = f" (accepted: {one_line(gate.accepted)})" if gate.accepted else ""
        print(f"{gate.status.upper()}{accepted} {one_line(gate.name)}: {one_line(gate.summary)}")
        if gate.reproduce:
            print(f"    reproduce: {one_line(gate.reproduce, limit=2000)}")
        for failure in gate.failures[:FAILURES_PRINTED]:
            print(f"  - {one_line(failure.what)}")
            if failure.reproduce and failure.reproduce != gate.reproduce:
                print(f"    reproduce: {one_line(failure.reproduce, limit=2000)}")
        if len(gate.failures) > FAILURES_PRINTED:
            print(f"  - and {len(gate.failures) - FAILURES_PRINTED:,} more, in the report")
    print(f"verdict: {verdict.status} ({counts(verdict)})")
    print(f"report: {folder / 'site' / 'index.html'}")


if __name__ == "__main__":
    raise SystemExit(run_edge(main))
