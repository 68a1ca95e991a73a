"""One answer, read from a connection in pieces: the head, then the body as it is framed. All lengths are bounded."""

import re
from collections.abc import Callable, Iterator

from loadtests.client.answer_head import FIRST_FINAL, SWITCHING_PROTOCOLS, Head, learn
from loadtests.client.errors import BadAnswer, ConnectionLost

MAX_HEAD_BYTES = 65_536
MAX_INTERIM = 32
MAX_CHUNK_LINE_BYTES = 4_096
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?")
_START = b"HTTP/1."


class Incoming:
    """The answer to one request. `more` waits for the next bytes and returns them; none at the connection's end."""

    __slots__ = ("_buffer", "_more", "interim")

    def __init__(self, more: Callable[[], bytes], first: bytes) -> None:
        self._more = more
        self._buffer = bytearray(first)
        self.interim = 0

    @property
    def left_over(self) -> bytes:
        """What came and was not read."""
        return bytes(self._buffer)

    def read_head(self) -> Head:
        """Return the head of the final answer; interim ones (100 Continue, 103 Early Hints) are skipped.

        Raises:
            BadAnswer: it is malformed, too long, or of another protocol.
            ConnectionLost: the connection ended first.

        """
        while (head := self.read_any_head()).status < FIRST_FINAL:
            if head.status == SWITCHING_PROTOCOLS:
                raise BadAnswer("switched to another protocol, which nobody asked for")
            if self.interim > MAX_INTERIM:
                raise BadAnswer(f"more than {MAX_INTERIM} interim answers")
        return head

    def read_any_head(self) -> Head:
        """Return the next head, which may be an interim one."""
        searched = 0
        while (end := self._buffer.find(b"\r\n\r\n", searched)) < 0:
            self._check_beginning()
            searched = max(0, len(self._buffer) - 3)
            self._receive("the head of the answer")
        if end > MAX_HEAD_BYTES:
            raise BadAnswer(f"the head of the answer is longer than {MAX_HEAD_BYTES} bytes")
        head = learn(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        self.interim += head.status < FIRST_FINAL
        return head

    def pieces(self, head: Head, method: str) -> Iterator[bytes]:
        """Yield the body, still encoded, in pieces of any length.

        Raises:
            BadAnswer: its framing is malformed.
            ConnectionLost: the connection ended first.

        """
        if not head.has_body(method):
            return iter(())
        if head.chunked:
            return self._chunks()
        if head.length is not None:
            return self._exactly(head.length)
        return self._to_the_end()

    def _check_beginning(self) -> None:
        """Refuse at once what can no more become a head: its sender may wait for us."""
        buffer = self._buffer
        first_line_end = buffer.find(b"\n")
        if not _START.startswith(bytes(buffer[: len(_START)])) or (
            first_line_end >= 0 and buffer[first_line_end - 1 : first_line_end] != b"\r"
        ):
            raise BadAnswer("the head of the answer is not HTTP/1.1")
        if len(buffer) > MAX_HEAD_BYTES:
            raise BadAnswer(f"the head of the answer is longer than {MAX_HEAD_BYTES} bytes")

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length > 0:
            if not self._buffer:
                self._receive("the body of the answer")
            piece = bytes(self._buffer[:length])
            del self._buffer[:length]
            length -= len(piece)
            yield piece

    def _to_the_end(self) -> Iterator[bytes]:
        piece = bytes(self._buffer)
        self._buffer.clear()
        while True:
            if piece:
                yield piece
            piece = self._more()
            if not piece:
                return

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._exactly(size)
            if self._line(2):
                raise BadAnswer("a chunk is longer than it says")
        trailers = MAX_HEAD_BYTES
        while line := self._line(trailers):
            trailers -= len(line) + 2

    def _chunk_size(self) -> int:
        matched = _CHUNK_SIZE.fullmatch(self._line(MAX_CHUNK_LINE_BYTES))
        if matched is None:
            raise BadAnswer("a chunk without a size")
        return int(matched[1], 16)

    def _line(self, limit: int) -> bytes:
        """Return the next line without its end; `limit` includes that."""
        while (end := self._buffer.find(b"\r\n", 0, limit)) < 0:
            if len(self._buffer) >= limit:
                raise BadAnswer(f"a line of the body's framing does not end within {limit} bytes")
            self._receive("the body of the answer")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _receive(self, what: str) -> None:
        piece = self._more()
        if not piece:
            raise ConnectionLost(f"the server closed the connection within {what}")
        self._buffer += piece
