"""Asks one server after the other: connections that are kept, opened and given up; answers read to their end."""

import ssl
import time

from loadtests.client.answer_head import KNOWN, Head, learn
from loadtests.client.connecting import open_connection
from loadtests.client.connection import Connection
from loadtests.client.errors import NothingReceived, OriginRefused
from loadtests.client.incoming import Incoming
from loadtests.client.origin import Origin
from loadtests.client.request import Request
from loadtests.client.sending import send_in_pieces
from loadtests.client.stream import Stream

MAX_IDLE = 10  # connections to one origin that are kept; a user has more only when its journey spawns greenlets
Timeouts = tuple[float, float]


class Transport:
    """The connections of one user. Timeouts are (connect, read), in seconds."""

    __slots__ = ("_body_limit", "_context", "_idle", "only")

    def __init__(self, context: ssl.SSLContext, body_limit: int) -> None:
        self._context = context
        self._body_limit = body_limit
        self._idle: dict[Origin, list[Connection]] = {}
        self.only: Origin | None = None
        """Where alone requests may go, if that is so."""

    def fetch(self, request: Request, started_s: float, timeouts: Timeouts) -> tuple[Head, bytes | None, int]:
        """Return the head of the answer, its body, and that body's length; no body when it is beyond the limit.

        Raises:
            Unanswered: there was no whole answer.

        """
        connection, first = self._begin(request, started_s, timeouts)
        end = first.find(b"\r\n\r\n")
        if end >= 0:
            head = KNOWN.get(first[:end]) or _learn(connection, first[:end])
            length = len(first) - end - 4
            if head.quick_length == length and request.method != "HEAD" and not connection.must_close:
                idle = self._idle[request.line.origin]
                if len(idle) < MAX_IDLE:
                    idle.append(connection)
                else:
                    connection.close()
                return head, first[end + 4 :], length
        return self._read(connection, request, first)

    def open_stream(self, request: Request, started_s: float, timeouts: Timeouts) -> tuple[Head, Stream]:
        """Return the head of the answer, and its body as a stream. Raises as `fetch` does."""
        connection, first = self._begin(request, started_s, timeouts)
        incoming, head = _read_head(connection, first)

        def release(used: Connection) -> None:
            self._release(used, request, head, incoming)

        return head, Stream(connection, incoming.pieces(head, request.method), timeouts[1], release)

    def close(self) -> None:
        """Close all connections that lie idle."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def _begin(self, request: Request, started_s: float, timeouts: Timeouts) -> tuple[Connection, bytes]:
        """Send the request and return the first bytes of the answer, and where they came from.

        A connection that was kept may have been closed by the server at this very moment. When nothing of an answer
        came and a second request does no harm, it is sent once more, on a new connection.
        """
        origin = request.line.origin
        if self.only is not None and origin != self.only:
            raise OriginRefused(f"requests go only to {self.only.authority}, and this would have gone elsewhere")
        idle = self._idle.setdefault(origin, [])
        while idle:
            connection = idle.pop()
            if not connection.is_alive():
                continue
            try:
                if request.upload is not None:
                    return connection, send_in_pieces(connection, request, request.upload, timeouts[1])
                return connection, connection.begin(request.wire, started_s + timeouts[1])
            except NothingReceived:
                if not request.may_be_sent_again:
                    raise
                break
        connection = open_connection(origin, timeouts[0], self._context)
        if request.upload is not None:
            return connection, send_in_pieces(connection, request, request.upload, timeouts[1])
        return connection, connection.begin(request.wire, time.perf_counter() + timeouts[1])

    def _read(self, connection: Connection, request: Request, first: bytes) -> tuple[Head, bytes | None, int]:
        """Read an answer that did not come in one piece."""
        incoming, head = _read_head(connection, first)
        kept, length = bytearray(), 0
        try:
            for piece in incoming.pieces(head, request.method):
                length += len(piece)
                if length <= self._body_limit:
                    kept += piece
                else:
                    kept.clear()
        except BaseException:
            connection.close()
            raise
        self._release(connection, request, head, incoming)
        return head, bytes(kept) if length <= self._body_limit else None, length

    def _release(self, connection: Connection, request: Request, head: Head, incoming: Incoming) -> None:
        """Keep a connection for the next request, if it can carry one."""
        idle = self._idle[request.line.origin]
        ended = connection.must_close or head.ends_connection(request.method) or incoming.left_over
        if ended or len(idle) >= MAX_IDLE:
            connection.close()
        else:
            idle.append(connection)


def _read_head(connection: Connection, first: bytes) -> tuple[Incoming, Head]:
    incoming = Incoming(connection.more, first)
    try:
        return incoming, incoming.read_head()
    except BaseException:
        connection.close()
        raise


def _learn(connection: Connection, raw: bytes) -> Head:
    try:
        return learn(raw)
    except BaseException:
        connection.close()
        raise
