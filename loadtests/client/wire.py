"""How bytes travel: as they are, or through TLS. Both over a socket that never blocks: BlockingIOError says "wait"."""

import contextlib
import socket
import ssl
from typing import Any, Protocol

CIPHERTEXT_BYTES = 65_536


class Wire(Protocol):
    """A two-way stream that never blocks. `unsent` is what was taken but not yet sent."""

    unsent: bytes

    def recv(self, limit: int, /) -> bytes:
        """Return what has come; nothing at the end. Raises BlockingIOError when there is nothing yet."""

    def send(self, data: bytes | memoryview, /) -> int:
        """Take some bytes and return how many. Raises BlockingIOError when none can be taken now."""

    def flush(self) -> None:
        """Send what was taken. Raises BlockingIOError while there is more."""


class PlainWire:
    """The socket itself: nothing is ever held back."""

    unsent = b""

    def __init__(self, plain: socket.socket) -> None:
        self.recv = plain.recv
        self.send = plain.send

    def flush(self) -> None:
        """Do nothing."""


class TlsWire:
    """TLS in memory, so that neither it nor gevent needs to know of the other."""

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._plain = plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: Any = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.unsent = b""

    def handshake(self) -> bool:
        """Go on with the handshake as far as possible; return whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self.unsent += self._outgoing.read()
        return True

    def pull(self) -> None:
        """Take what has come from the socket."""
        piece = self._plain.recv(CIPHERTEXT_BYTES)
        if piece:
            self._incoming.write(piece)
        else:
            self._incoming.write_eof()

    def recv(self, limit: int, /) -> bytes:
        """Return what has come; nothing at the end that the server announced. Another end is an OSError."""
        while True:
            try:
                data: bytes = self._tls.read(limit)
            except ssl.SSLWantReadError:
                self.pull()
            except ssl.SSLZeroReturnError:
                return b""
            else:
                return data

    def send(self, data: bytes | memoryview, /) -> int:
        """Encrypt all of it; what the socket does not take at once is left to `flush`."""
        self.flush()
        count: int = self._tls.write(data)
        self.unsent = self._outgoing.read()
        with contextlib.suppress(BlockingIOError):  # it is taken: to say "wait" now would have it sent twice
            self.flush()
        return count

    def flush(self) -> None:
        """Send what is encrypted."""
        while self.unsent:
            self.unsent = self.unsent[self._plain.send(self.unsent) :]
