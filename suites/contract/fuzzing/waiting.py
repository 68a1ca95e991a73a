"""An engine that gets ready while its target starts: `python -m suites.contract.fuzzing.waiting PIPE`.

It imports Schemathesis, then reads from the pipe what to do: one line of JSON, `arguments` and `environment`. Of the
engines of a run one imports at a time, so that a core is left for their targets.
"""

import fcntl
import gc
import importlib
import json
import os
import sys
from pathlib import Path

LOADED_LATE = ("schemathesis.cli.commands.run.executor", "schemathesis.specs.openapi.schemas", "rich.progress")
"""What Schemathesis itself imports only when it has work: a fifth of a second."""


def main() -> None:
    """Import, wait for the line, and be the engine."""
    pipe = Path(sys.argv[1])
    with pipe.with_name("turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        gc.disable()
        engine = importlib.import_module("suites.contract.fuzzing.engine")
        for name in LOADED_LATE:
            importlib.import_module(name)
        gc.freeze()  # nobody need look through it again
        gc.enable()
    with pipe.open() as lines:
        orders = json.loads(lines.readline())
    sys.argv[1:] = orders["arguments"]
    os.environ.update(orders["environment"])
    engine.main()


if __name__ == "__main__":
    main()
