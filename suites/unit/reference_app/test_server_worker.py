"""How long the server waits for a request."""

import math
import socket
from collections.abc import Iterator

import pytest

from reference_app.server_worker import RequestSocket


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, RequestSocket]]:
    """Yield the two ends of a connection: a client's, and what the server reads from."""
    client, given = socket.socketpair()
    with client, RequestSocket(given.family, given.type, given.proto, fileno=given.detach()) as read:
        yield client, read


def test_in_time(ends: tuple[socket.socket, RequestSocket]) -> None:
    """Before the deadline it reads as any socket does."""
    client, read = ends
    client.sendall(b"GET / HTTP/1.1")
    assert (read.recv(3), read.recv(100)) == (b"GET", b" / HTTP/1.1")


def test_late(ends: tuple[socket.socket, RequestSocket]) -> None:
    """After the deadline what is there is read, as after a stall of this machine, and nothing is waited for.

    Writing waits as before.
    """
    client, read = ends
    client.sendall(b"GET")
    read.deadline_s = -math.inf
    assert read.recv(100) == b"GET"
    with pytest.raises(BlockingIOError):
        read.recv(100)
    assert read.gettimeout() is None
