"""One connection, used for one request after the other.

Its read watcher stays active from one request to the next, which saves two calls into libev for each, and tells at
once when the server closes a connection that lies idle.
"""

import socket
import ssl
import time
from typing import Any

import gevent
from greenlet import getcurrent

from loadtests.client.errors import AnswerTimeout, ConnectionLost, NothingReceived, TlsFailed
from loadtests.client.watch import watch_of_this_hub
from loadtests.client.wire import PlainWire, TlsWire, Wire

READ_BYTES = 16_384
STREAM_BYTES = 262_144
SEND_BYTES = 65_536
FOREVER = float("inf")
READABLE, WRITABLE = 1, 2
CLOSED_BY_SERVER = "the server closed the connection without an answer"


class Connection:
    """An open connection. Whatever raises here has closed it.

    `deadline_s` (on the clock of `time.perf_counter`) bounds every wait; `waiter` is the greenlet that waits, if any;
    `must_close` says that the request was not sent to its end, so that no other can follow.
    """

    __slots__ = (
        "__weakref__", "_early", "_hub", "_plain", "_recv", "_send", "_watch", "_watcher", "_watching", "_wire",
        "deadline_s", "must_close", "number", "waiter",
    )  # fmt: skip

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self.number = plain.fileno()
        self.deadline_s = FOREVER
        self.waiter: Any = None
        self.must_close = False
        self._early: bytes | None = None
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(self.number, READABLE)
        self._watching = False
        self._watch = watch_of_this_hub()
        self._watch.connections.add(self)
        self._use(PlainWire(plain))

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on.

        Raises:
            TlsFailed: the certificate is not good for this host, or the other side speaks no TLS.

        """
        try:
            wire = TlsWire(self._plain, context, host)
            done = False
            while not done:
                done = wire.handshake()
                self._flush(wire)
                if not done:
                    self._pull(wire)
        except (OSError, ValueError) as error:
            self.close()
            reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error
            raise TlsFailed(f"TLS with {host} failed: {reason}") from None
        except BaseException:
            self.close()
            raise
        self._use(wire)

    def begin(self, request: bytes, deadline_s: float) -> bytes:
        """Send a request and return the first bytes of its answer.

        Raises:
            NothingReceived: the connection ended before any.
            AnswerTimeout: there were none by then.

        """
        self.deadline_s = deadline_s
        try:
            try:
                sent = self._send(request)
            except BlockingIOError:
                sent = 0
            if sent != len(request) or self._wire.unsent:
                self._send_all(request[sent:])
            return self._first_bytes()
        except OSError as error:
            self.close()
            raise NothingReceived(f"{CLOSED_BY_SERVER} ({error.strerror or error})") from None
        except BaseException:
            self.close()
            raise

    def send(self, data: bytes) -> bool:
        """Send a part of a request; False when the server answered, or closed, before it took all of it."""
        try:
            return self._send_all(data)
        except OSError:
            return self._answered_before_it_closed()
        except BaseException:
            self.close()
            raise

    def first_bytes(self) -> bytes:
        """Return the first bytes of an answer, after `send`. Raises as `begin` does."""
        try:
            return self._first_bytes()
        except OSError as error:
            self.close()
            raise NothingReceived(f"{CLOSED_BY_SERVER} ({error.strerror or error})") from None
        except BaseException:
            self.close()
            raise

    def more(self) -> bytes:
        """Return the next bytes of an answer; none at its end.

        Raises:
            ConnectionLost: the connection broke.
            AnswerTimeout: the deadline has passed.

        """
        try:
            self._check_deadline()  # a flood never waits
            return self._receive(STREAM_BYTES)
        except OSError as error:
            self.close()
            raise ConnectionLost(f"the connection broke within the answer: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise

    def has_answer(self, within_s: float) -> bool:
        """Wait for a while; return whether there is something to read (or the end of the connection)."""
        try:
            with gevent.Timeout(within_s, False):  # noqa: FBT003 - gevent's way to say "no exception"
                self._early = self._receive(READ_BYTES)
                return True
        except OSError:
            self._early = b""
            return True
        except BaseException:
            self.close()
            raise
        self.waiter = None
        return False

    def unread(self, data: bytes) -> None:
        """Put back what was read too far."""
        self._early = data or None

    def is_alive(self) -> bool:
        """Return whether it can carry a request: not when the server closed it, or sent what nobody asked for."""
        if self._watching:
            return True
        try:
            self._recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        self.close()
        return False

    def close(self) -> None:
        """Close it; again is fine."""
        self.waiter = None
        self._watch.connections.discard(self)
        self._watcher.stop()
        self._watcher.close()
        self._plain.close()

    def expire(self) -> None:
        """End the wait of whoever waits."""
        waiter, self.waiter = self.waiter, None
        waiter.throw(self._late())

    def _use(self, wire: Wire) -> None:
        self._wire = wire
        self._recv = wire.recv
        self._send = wire.send

    def _first_bytes(self) -> bytes:
        first = self._early
        if first is None:
            self._wait_readable()
            try:
                first = self._recv(READ_BYTES)
            except BlockingIOError:
                first = self._receive(READ_BYTES)
        self._early = None
        if not first:
            self.close()
            raise NothingReceived(CLOSED_BY_SERVER)
        return first

    def _receive(self, limit: int) -> bytes:
        if self._early is not None:
            early, self._early = self._early, None
            return early
        while True:
            try:
                return self._recv(limit)
            except BlockingIOError:
                self._wait_readable()

    def _send_all(self, data: bytes) -> bool:
        wire = self._wire
        rest = memoryview(data)
        while rest or wire.unsent:
            try:
                if rest:
                    rest = rest[wire.send(rest[:SEND_BYTES]) :]
                else:
                    wire.flush()
            except BlockingIOError:
                if self._wait_writable() == READABLE and self._take_early():
                    return False
        return True

    def _take_early(self) -> bool:
        """Take what came while sending; TLS may have had something to say that is not an answer."""
        try:
            self._early = self._recv(READ_BYTES)
        except BlockingIOError:
            return False
        return True

    def _answered_before_it_closed(self) -> bool:
        """After sending failed: the answer may lie here already (413 and close)."""
        try:
            self._take_early()
        except OSError:
            self._early = b""
        return False

    def _wait_readable(self) -> None:
        if not self._watching:
            self._watcher.start(self._on_readable)
            self._watching = True
        if self.deadline_s < self._watch.rings_s:
            self._watch.expect(self.deadline_s)
        self.waiter = getcurrent()
        self._hub.switch()

    def _wait_writable(self) -> int:
        """Wait until the socket takes more (WRITABLE), or something comes (READABLE)."""
        watcher = self._hub.loop.io(self.number, WRITABLE)
        watcher.start(self._on_writable)
        if not self._watching:
            self._watcher.start(self._on_readable)
            self._watching = True
        if self.deadline_s < self._watch.rings_s:
            self._watch.expect(self.deadline_s)
        self.waiter = getcurrent()
        try:
            event: int = self._hub.switch()
        finally:
            watcher.stop()
            watcher.close()
        return event

    def _on_readable(self) -> None:
        waiter = self.waiter
        if waiter is None:  # nobody waits: `is_alive` looks at it before the next request
            self._watcher.stop()
            self._watching = False
        else:
            self.waiter = None
            waiter.switch(READABLE)

    def _on_writable(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None:
            waiter.switch(WRITABLE)

    def _flush(self, wire: Wire) -> None:
        while wire.unsent:
            try:
                wire.flush()
            except BlockingIOError:
                self._wait_writable()

    def _pull(self, wire: TlsWire) -> None:
        while True:
            try:
                return wire.pull()
            except BlockingIOError:
                self._wait_readable()

    def _check_deadline(self) -> None:
        if time.perf_counter() > self.deadline_s:
            raise self._late()

    def _late(self) -> AnswerTimeout:
        return AnswerTimeout("no whole answer within the read timeout")
