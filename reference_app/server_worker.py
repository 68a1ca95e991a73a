"""Gunicorn's threads, which wait for the pieces of a request no longer than for a request."""

import math
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LONGEST_READ_S = 10
"""How long a thread waits for all of a request: clients may dole it out, each piece in time."""


class RequestSocket(socket.socket):
    """A client's connection that waits for nothing after `deadline_s`; what is there by then is still read."""

    deadline_s = math.inf

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Do as sockets do; `BlockingIOError` where there is nothing to read, and no time left to wait."""
        if time.monotonic() <= self.deadline_s:
            return super().recv(size, flags)
        timeout_s = self.gettimeout()
        self.settimeout(0)
        try:
            return super().recv(size, flags)
        finally:
            self.settimeout(timeout_s)  # the answer may take its time


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Bounds the reading of each request."""

    def enqueue_req(self, conn: Any) -> None:
        """Give a new connection its kind of socket, and any to a thread; over TLS it gets another kind later."""
        if not conn.initialized and not isinstance(conn.sock, RequestSocket):
            given = conn.sock
            conn.sock = RequestSocket(given.family, given.type, given.proto, fileno=given.detach())
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Read and answer one request."""
        conn.sock.deadline_s = time.monotonic() + LONGEST_READ_S
        return super().handle(conn)
