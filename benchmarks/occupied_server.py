"""Whether a server serves others while clients occupy it: silent in the middle of a request, or following a log."""

import contextlib
import time
from collections.abc import Iterator

from benchmarks.http_loop import SUCCESS, Connection, request

SILENT = request("POST", "/api/auth/login", body={"username": "alice", "password": "never sent"})[:-1]
"""All of a request but its last byte."""
LIVE = request("GET", "/livez")


def following(headers: dict[str, str]) -> bytes:
    """Return a request for an event stream, in the name of whoever logged in."""
    return request("GET", "/api/pipelines/1/logs/stream", headers)


def wait_beside(port: int, occupying: bytes, clients: int, longest_s: float) -> float:
    """Return how long as many ordinary clients wait for their answers; `longest_s` when one of them gets none by then.

    The others have sent `occupying`, and leave when all is over.
    """
    with _connections(port, clients) as others, _connections(port, clients) as ordinary:
        for connection in others:
            connection.send(occupying)
        started_s = time.monotonic()
        for connection in ordinary:
            connection.send(LIVE)
        for connection in ordinary:
            connection.socket.settimeout(max(started_s + longest_s - time.monotonic(), 0.001))
            try:
                assert connection.receive().status in SUCCESS
            except TimeoutError:
                return longest_s
        return time.monotonic() - started_s


@contextlib.contextmanager
def _connections(port: int, number: int) -> Iterator[list[Connection]]:
    with contextlib.ExitStack() as stack:
        connections = [Connection(port) for _ in range(number)]
        for connection in connections:
            stack.callback(connection.close)
        yield connections
