"""The body of an answer that is read while the journey looks at it."""

import time
from collections.abc import Callable, Iterator

from loadtests.client.connection import Connection


class Stream:
    """Pieces of a body, still packed. Ends once: at its end, when it breaks, or when it is closed.

    `length` counts what came; `ended_s` is on the clock of `time.perf_counter`.
    """

    __slots__ = ("_connection", "_pieces", "_read_s", "_release", "ended_s", "length")

    def __init__(
        self, connection: Connection, pieces: Iterator[bytes], read_s: float, release: Callable[[Connection], None]
    ) -> None:
        self._connection: Connection | None = connection
        self._pieces = pieces
        self._read_s = read_s
        self._release = release
        self.length = 0
        self.ended_s = 0.0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next piece; the read timeout bounds the wait for each.

        Raises:
            Unanswered: the answer broke off.

        """
        connection = self._connection
        if connection is None:
            raise StopIteration
        connection.deadline_s = time.perf_counter() + self._read_s
        try:
            piece = next(self._pieces)
        except StopIteration:
            self._note_end()
            self._release(connection)
            raise
        except BaseException:
            self.close()
            raise
        self.length += len(piece)
        return piece

    def close(self) -> None:
        """Read no further; the connection is closed with it, unless the body has ended."""
        connection = self._connection
        if connection is not None:
            self._note_end()
            connection.close()

    def _note_end(self) -> None:
        self._connection = None
        self.ended_s = time.perf_counter()
