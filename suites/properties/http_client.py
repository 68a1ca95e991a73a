"""A client as programs have it: one connection that stays open, and a loss that is told apart from an answer."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any

from harness.ports import LOOPBACK

TIMEOUT_S = 120


class NoAnswerError(Exception):
    """The connection ended before the answer came: what was asked for may have happened or not."""


@dataclass(frozen=True)
class Answer:
    """Status, the value of ETag, and the body (None without one)."""

    status: int
    tag: str | None
    body: Any


class HttpClient(AbstractContextManager["HttpClient"]):
    """Asks a server on this machine with a user's token; after a loss it connects anew."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer, or raise `NoAnswerError`; an underscore in a header's name stands for a hyphen."""
        sent = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = self._connection.getresponse()
            text = answer.read()
        except (HTTPException, OSError) as error:
            self._connection.close()
            raise NoAnswerError(f"{method} {path}") from error
        return Answer(answer.status, answer.headers["ETag"], json.loads(text) if text else None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()


def ask_once(port: int, token: str, path: str) -> Answer:
    """Return the answer to a GET on a connection of its own, which cannot have been closed for idleness."""
    with HttpClient(port, token) as client:
        return client.ask("GET", path)
