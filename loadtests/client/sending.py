"""Sends requests whose body goes piece by piece, and waits for the go-ahead where one was asked for."""

import time

from loadtests.client.answer_head import FIRST_FINAL
from loadtests.client.connection import Connection
from loadtests.client.incoming import Incoming
from loadtests.client.request import Request
from loadtests.client.upload import Upload

GO_AHEAD_S = 1.0  # so long is 100 (Continue) waited for; a server that does not know it never sends it


def send_in_pieces(connection: Connection, request: Request, upload: Upload, read_s: float) -> bytes:
    """Send a request with its body, and return the first bytes of the answer.

    The read timeout bounds each piece, then the wait for the answer. An answer that comes first ends the sending.

    Raises:
        NothingReceived: the connection ended before any answer.
        AnswerTimeout: the server took nothing, or answered nothing, for too long.

    """
    connection.deadline_s = time.perf_counter() + read_s
    try:
        whole = connection.send(request.wire)
        if whole and request.expects and (refusal := _refusal(connection)):
            connection.must_close = True
            return refusal
        pieces = upload.pieces()
        while whole and (piece := next(pieces, b"")):
            connection.deadline_s = time.perf_counter() + read_s
            whole = connection.send(piece)
    except BaseException:
        connection.close()
        raise
    connection.must_close = not whole
    connection.deadline_s = time.perf_counter() + read_s
    return connection.first_bytes()


def _refusal(connection: Connection) -> bytes:
    """Wait for the go-ahead; return the first bytes of the final answer that came instead, or nothing."""
    if not connection.has_answer(GO_AHEAD_S):
        return b""
    incoming = Incoming(connection.more, connection.first_bytes())
    head = incoming.read_any_head()
    if head.status >= FIRST_FINAL:
        return head.raw + b"\r\n\r\n" + incoming.left_over
    connection.unread(incoming.left_over)
    return b""
