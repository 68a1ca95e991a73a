"""Runs pieces of tests where Locust may patch the process: `python child.py BASE_URL`.

It imports Locust once. Each line that it reads is a `Piece` as JSON, which it runs in a fork of itself: no piece sees
anything of another. Then it says the exit code of that.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[3]))

import gevent
import gevent.monkey
from locust.env import Environment

from loadtests.client.user import LeanHttpUser

fork = gevent.monkey.get_original("os", "fork")
events: list[dict[str, Any]] = []


class Piece(NamedTuple):
    """Lines of a journey; lines of its user's class; the files that get what it says, and what it complains of."""

    source: str
    settings: list[str]
    said: str
    errors: str


def say(*values: Any) -> None:
    """Hand values to the test."""
    print(json.dumps(values, default=str), flush=True)  # noqa: T201 - how the test gets them


def script(*steps: Any) -> str:
    """Return the path that makes the hostile server do these steps."""
    return "/x" + json.dumps(steps).encode().hex()


def run(base_url: str, piece: Piece) -> None:
    """Make a user and run the source."""
    environment = Environment()
    environment.events.request.add_listener(lambda **known: events.append(known))
    body: dict[str, Any] = {"host": base_url, "__module__": __name__}
    for setting in piece.settings:
        exec(setting, {}, body)  # noqa: S102 - lines of the test itself
    metaclass: Any = type(LeanHttpUser)
    user = metaclass("Child", (LeanHttpUser,), body)(environment)
    names = {"user": user, "client": user.client, "environment": environment, "events": events, "say": say}
    exec(piece.source, {**names, "script": script, "OK": "HTTP/1.1 200 OK\r\n"})  # noqa: S102 - a test


def run_as_fork(base_url: str, piece: Piece) -> None:
    """Run a piece in this process, which is there for nothing else, and end it."""
    for number, name in ((1, piece.said), (2, piece.errors)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    gevent.reinit()
    code = 1
    try:
        run(base_url, piece)
        code = 0
    except BaseException:  # noqa: BLE001 - the test shows it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(base_url: str) -> None:
    """Run pieces until there are no more."""
    for line in sys.stdin:
        if (number := fork()) == 0:
            run_as_fork(base_url, Piece(*json.loads(line)))
        say(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]))


main(sys.argv[1])
