"""Whether a server serves others while clients have begun a request and fallen silent."""

import contextlib
import time
from collections.abc import Iterator

from benchmarks.http_loop import SUCCESS, Connection, request

BEGUN = request("POST", "/api/auth/login", body={"username": "alice", "password": "never sent"})[:-1]
LIVE = request("GET", "/livez")


def wait_beside_silent(port: int, clients: int, longest_s: float) -> float:
    """Return how long as many ordinary clients wait for their answers; `longest_s` when one of them gets none by then.

    The silent ones have sent all of a request but its last byte.
    """
    with _connections(port, clients) as silent, _connections(port, clients) as ordinary:
        for connection in silent:
            connection.send(BEGUN)
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
