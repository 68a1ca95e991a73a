"""A closed loop of plain HTTP/1.1: the least that a client can do, so that what is measured is the server.

It reads only what has a Content-Length, and takes any other answer for a mistake. Connections stay open unless the
server closes them after each answer; then opening the next one is part of that server's cost.
"""

import json
import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.ports import LOOPBACK

TIMEOUT_S = 30.0
HEAD_END = b"\r\n\r\n"
SUCCESS = range(200, 300)
RequestMaker = Callable[[], bytes]


@dataclass
class Loop:
    """What a loop saw. Latencies are service times in seconds, one per answer."""

    wall_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies_s) / self.wall_s

    def percentile_ms(self, percent: int) -> float:
        """Return the latency that `percent` of the answers did not exceed."""
        return statistics.quantiles(self.latencies_s, n=100, method="inclusive")[percent - 1] * 1000


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end."""

    status: int
    head: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the server ends the connection after this answer."""
        return b"\r\nconnection: close" in self.head.lower()


def request(method: str, path: str, headers: dict[str, str] | None = None, body: object = None) -> bytes:
    """Return a request as it goes over the wire; a body is sent as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + HEAD_END + content


class Connection:
    """One connection; `send` and `receive` take turns."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at_s = 0.0
        self._received = b""

    def send(self, raw: bytes) -> None:
        """Send a request, and note when."""
        self.sent_at_s = time.perf_counter()
        self.socket.sendall(raw)

    def receive(self) -> Answer:
        """Wait for the answer.

        Raises:
            AssertionError: the server broke off, or answered in a way that is not expected here.

        """
        while (answer := self.take()) is None:
            pass
        return answer

    def take(self) -> Answer | None:
        """Read what is there; return the answer when it is complete."""
        piece = self.socket.recv(262_144)
        assert piece, "the server closed the connection"
        self._received += piece
        head, complete, rest = self._received.partition(HEAD_END)
        if not complete:
            return None
        size = _content_length(head)
        if len(rest) < size:
            return None
        assert len(rest) == size, "more was sent than announced"
        self._received = b""
        return Answer(int(head[9:12]), head, rest)

    def ask(self, raw: bytes) -> Answer:
        """Send, and wait."""
        self.send(raw)
        return self.receive()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def run_loop(port: int, make_request: RequestMaker, connections: int, duration_s: float) -> Loop:
    """Keep `connections` busy for `duration_s` and return what they saw.

    Raises:
        AssertionError: an answer was no success (2xx): failures are quick, and would look like speed.

    """
    loop = Loop()
    with selectors.DefaultSelector() as selector:
        started_s = time.perf_counter()
        for _ in range(connections):
            _open(selector, port).send(make_request())
        while selector.get_map():
            ready = selector.select(TIMEOUT_S)
            assert ready, f"no answer within {TIMEOUT_S:g} s"
            for key, _ in ready:
                connection: Connection = key.data
                answer = connection.take()
                if answer is None:
                    continue
                now_s = time.perf_counter()
                assert answer.status in SUCCESS, (answer.status, answer.body[:300])
                loop.latencies_s.append(now_s - connection.sent_at_s)
                over = now_s - started_s >= duration_s
                if over or answer.closes:
                    selector.unregister(connection.socket)
                    connection.close()
                if not over:
                    (_open(selector, port) if answer.closes else connection).send(make_request())
        loop.wall_s = time.perf_counter() - started_s
    return loop


def _open(selector: selectors.BaseSelector, port: int) -> Connection:
    connection = Connection(port)
    selector.register(connection.socket, selectors.EVENT_READ, connection)
    return connection


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length: ")
    assert found or head[9:12] == b"204", f"no Content-Length in {head!r}"
    return int(rest.partition(b"\r\n")[0]) if found else 0
