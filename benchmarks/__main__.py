"""`python -m benchmarks NAME…`: run benchmarks by name."""

import importlib
from pathlib import Path

from benchmarks.record import publish, run
from harness.command_line import DEFAULT_RESULTS, parser, run_edge
from harness.results import Results

REPEATS = {
    "startup": 7,
    "isolation": 5,
    "prove": 1,
    "app_cache": 3,
    "app_stack": 5,
    "app_growth": 3,
    "app_server": 3,
    "load_client": 5,
    "load_freeze": 3,
    "load_memory": 1,
    "load_schedule": 3,
    "contract": 3,
}


def main() -> int:
    """Run the benchmarks that were asked for."""
    arguments = parser("python -m benchmarks", "Side-by-side comparisons.")
    arguments.add_argument("names", nargs="+", choices=sorted(REPEATS), metavar="NAME", help=", ".join(sorted(REPEATS)))
    arguments.add_argument("--repeats", type=int, default=None, metavar="N", help="default: each benchmark's own")
    arguments.add_argument("--results", type=Path, default=DEFAULT_RESULTS, metavar="DIR")
    options = arguments.parse_args()
    results = Results(options.results).prepare()
    for name in options.names:
        measure = importlib.import_module(f"benchmarks.{name}").measure
        publish(run(name, measure, options.repeats or REPEATS[name]), results)
    return 0


if __name__ == "__main__":
    raise SystemExit(run_edge(main))
