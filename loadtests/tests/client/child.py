"""Runs one piece of a test where Locust may patch the process: `python child.py BASE_URL SOURCE SETTING…`."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from locust.env import Environment

from loadtests.client.user import LeanHttpUser

events: list[dict[str, Any]] = []


def say(*values: Any) -> None:
    """Hand values to the test."""
    print(json.dumps(values, default=str), flush=True)  # noqa: T201 - how the test gets them


def script(*steps: Any) -> str:
    """Return the path that makes the hostile server do these steps."""
    return "/x" + json.dumps(steps).encode().hex()


def main() -> None:
    """Make a user and run the source."""
    base_url, source, *settings = sys.argv[1:]
    environment = Environment()
    environment.events.request.add_listener(lambda **known: events.append(known))
    body: dict[str, Any] = {"host": base_url, "__module__": __name__}
    for setting in settings:
        exec(setting, {}, body)  # noqa: S102 - lines of the test itself
    metaclass: Any = type(LeanHttpUser)
    user = metaclass("Child", (LeanHttpUser,), body)(environment)
    names = {"user": user, "client": user.client, "environment": environment, "events": events, "say": say}
    exec(source, {**names, "script": script, "OK": "HTTP/1.1 200 OK\r\n"})  # noqa: S102 - a test


main()
