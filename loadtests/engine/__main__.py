"""The engine as a child of the run: `python -m loadtests` starts it and talks to it over its pipes. Imports Locust.

The end of its stdin means "stop", so it also ends when the run that started it was killed. What journeys print goes to
stderr.
"""

import os
import sys
from functools import partial
from typing import BinaryIO

from gevent.fileobject import FileObject

from loadtests.engine.orders import Orders, serve
from loadtests.messages import order, send


def main() -> None:
    """Serve one run over this process's pipes."""
    answers = _take_stdout()
    lines = FileObject(sys.stdin.fileno(), "rb")
    serve(Orders(lambda: order(line) if (line := lines.readline()) else None), partial(send, answers))


def _take_stdout() -> BinaryIO:
    """Return the real stdout, for messages; from now on prints go to stderr."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


if __name__ == "__main__":
    main()
