"""`python -m harness`: prove a target, check that it can be proven, open what a failed test left."""

import argparse
from pathlib import Path

from harness.check import check_target
from harness.command_line import add_common_options, new_seed, parser, run_edge
from harness.open_dump import open_dump
from harness.prove import Request, prove
from harness.results import Results
from harness.target import Target


def _say(line: str) -> None:
    print(line, flush=True)


def _options() -> argparse.Namespace:
    root = parser("python -m harness", "Proves a service: all evidence, one verdict.")
    commands = root.add_subparsers(dest="command", required=True)
    add_common_options(commands.add_parser("prove", help="run every part on the target, then the report"))
    add_common_options(commands.add_parser("check", help="start the target once and log every identity in"))
    dump = commands.add_parser("open", help="open the database that a failed test left")
    dump.add_argument("dump", type=Path)
    return root.parse_args()


def main() -> int:
    """Carry out one command."""
    options = _options()
    if options.command == "open":
        return open_dump(options.dump, _say)
    target, results = Target.read(options.target), Results(options.results)
    if options.command == "check":
        check_target(target, options.services, results.prepare(), _say)
        return 0
    seed = new_seed() if options.seed is None else options.seed
    return prove(Request(target=target, services=options.services, results=results, seed=seed), _say)


if __name__ == "__main__":
    raise SystemExit(run_edge(main))
