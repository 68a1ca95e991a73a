"""The load part's command: `python -m loadtests run PROFILE`."""

import argparse
import sys

from harness.command_line import EXIT_INTERRUPTED, add_common_options, parser, run_edge
from harness.results import LoadSummary
from loadtests.run import Request, run
from loadtests.summary import status_of


def main() -> int:
    """Run a profile and print what it says; the exit code is the design's."""
    options = _parse()
    request = Request(
        profile=options.profile,
        target=options.target,
        services=options.services,
        results=options.results,
        seed=options.seed,
        allow_remote=options.allow_remote,
    )
    outcome = run(request, say=_say)
    _show(outcome.summary)
    return EXIT_INTERRUPTED if outcome.interrupted else status_of(outcome.summary).exit_code


def _parse() -> argparse.Namespace:
    edge = parser("python -m loadtests", "Load tests with open arrivals and thresholds.")
    run_parser = edge.add_subparsers(required=True, metavar="COMMAND").add_parser("run", help="run a load profile")
    run_parser.add_argument("profile", metavar="PROFILE", help="a name in the target's folder of profiles, or a path")
    add_common_options(run_parser)
    run_parser.add_argument(
        "--allow-remote", metavar="HOST", help="the host of a target that is not on this machine, to say you may"
    )
    return edge.parse_args()


def _show(summary: LoadSummary) -> None:
    arrivals, total, generator = summary.arrivals, summary.total, summary.generator
    print(
        f"{summary.profile}: {arrivals.intended} arrivals intended, {arrivals.started} started,"
        f" {arrivals.dropped} dropped, {arrivals.late} late; {total.failures} of {total.count} failed"
        + (f"; warm-up: {summary.warm_up.count} more, not judged" if summary.warm_up else "")
    )
    print(f"  {'':40} {'count':>7} {'failed':>6} {'service p50':>12} {'p99 ms':>9} {'response p50':>13} {'p99 ms':>9}")
    for load in (*summary.endpoints, total):
        print(
            f"  {load.name:40} {load.count:7} {load.failures:6} {load.service_ms.p50:12.2f}"
            f" {load.service_ms.p99:9.2f} {load.response_ms.p50:13.2f} {load.response_ms.p99:9.2f}"
        )
    print(f"  generator: {generator.cpu:.0%} of a core, scheduling lag p99 {generator.lag_p99_ms:.2f} ms")
    for threshold in summary.thresholds:
        print(f"  {threshold.status:12} {threshold.expression}  ({threshold.observed})")
    for sentence in (*summary.inconclusive, *summary.errors[:10]):
        print(f"  ! {sentence}")
    print(f"{status_of(summary)}: again with: {summary.reproduce}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(run_edge(main))
