"""A reader of server-sent events over a connection of its own."""

from http.client import HTTPConnection, HTTPResponse
from types import TracebackType
from typing import Self

from harness.ports import LOOPBACK

TIMEOUT_S = 60
Event = dict[str, str]


class EventReader:
    """Opens a stream, and reads event by event; a context manager that goes away at its end."""

    def __init__(self, port: int, path: str, token: str, last_event_id: str | None = None) -> None:
        self._connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {token}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self._connection.request("GET", path, headers=headers)
        self.answer: HTTPResponse = self._connection.getresponse()
        self.retry_ms: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Go away."""
        self.answer.close()
        self._connection.close()

    def next(self) -> Event | None:
        """Wait for the next event and return its fields; None when the stream has come to its proper end.

        A stream that breaks off is `http.client.IncompleteRead`.
        """
        event: Event = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            name, _, value = text.partition(": ")
            if name == "retry":
                self.retry_ms = int(value)
            elif text and not text.startswith(":"):
                event[name] = value
            elif event:
                return event
        return None

    def rest(self) -> list[Event]:
        """Return all events until the proper end."""
        return list(iter(self.next, None))
