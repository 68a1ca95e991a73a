"""Bodies of requests that are sent piece by piece: long ones, files, and what an iterator yields."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from loadtests.client.errors import BodySpent, InvalidRequest

PIECE_BYTES = 65_536


class Composed(ABC):
    """A body made of several. `length` is None when it is not known before."""

    length: int | None
    repeatable: bool

    @abstractmethod
    def __iter__(self) -> Iterator[bytes]:
        """Yield it in pieces."""

    @abstractmethod
    def rewind(self) -> None:
        """Let its files be where they were."""


class Upload:
    """A body. `length` is None when it is not known before: then it is sent in chunks."""

    def __init__(self, source: Any, length: int | None) -> None:
        self._source = source
        self._start = 0
        self._spent = False
        self.length = length
        self.repeatable = True
        if hasattr(source, "read"):
            self._measure_file()
        elif isinstance(source, Composed):
            self.length, self.repeatable = source.length if length is None else length, source.repeatable
        elif not isinstance(source, bytes):
            self.repeatable = iter(source) is not source

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, framed as it is announced.

        Raises:
            BodySpent: it was read before, and can be read only once.
            InvalidRequest: it has another length than was announced.

        """
        if self._spent and not self.repeatable:
            raise BodySpent("the body was read before, and can be read only once; it is not sent again empty")
        self._spent = True
        sent = 0
        for piece in self.read():
            if not piece:
                continue
            sent += len(piece)
            if self.length is not None and sent > self.length:
                raise InvalidRequest(f"the body is longer than its Content-Length of {self.length}")
            yield piece if self.length is not None else b"%x\r\n%b\r\n" % (len(piece), piece)
        if self.length is None:
            yield b"0\r\n\r\n"
        elif sent != self.length:
            raise InvalidRequest(f"the body has {sent} bytes, its Content-Length says {self.length}")

    def rewind(self) -> None:
        """Let a file be where it was, for another request that is made of it."""
        if isinstance(self._source, Composed):
            self._source.rewind()
        elif hasattr(self._source, "read") and self.repeatable:
            self._source.seek(self._start)

    def read(self) -> Iterator[bytes]:
        """Yield the body as it is."""
        source = self._source
        if isinstance(source, bytes):
            for start in range(0, len(source), PIECE_BYTES):
                yield source[start : start + PIECE_BYTES]
        elif hasattr(source, "read"):
            if self.repeatable:
                source.seek(self._start)
            while piece := source.read(PIECE_BYTES):
                yield as_bytes(piece)
        else:
            yield from map(as_bytes, source)

    def _measure_file(self) -> None:
        """Learn where a file is, and how long from there; one that cannot seek can be sent once."""
        file = self._source
        try:
            self._start = file.tell()
            if self.length is None:
                self.length = file.seek(0, os.SEEK_END) - self._start
                file.seek(self._start)
        except (OSError, AttributeError):
            self.repeatable = False


def as_bytes(piece: Any) -> bytes:
    """Return what a body is made of as bytes; text is UTF-8."""
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    raise InvalidRequest(f"a body is made of bytes or text, not of {type(piece).__name__}")


def is_streamed(data: object) -> bool:
    """Return whether a body is a file or an iterable of pieces, rather than bytes, text or a form."""
    return hasattr(data, "read") or (isinstance(data, Iterable) and not isinstance(data, _WHOLE))


_WHOLE = (str, bytes, bytearray, memoryview, dict, list, tuple)
