"""Connections: opened, kept, given up, and opened once more where that is safe."""

import socket
import time
from collections.abc import Iterator

import gevent
import pytest

from harness.ports import LOOPBACK, free_port
from loadtests.client.connecting import open_connection, tls_context
from loadtests.client.connection import Connection
from loadtests.client.errors import (
    AnswerTimeout,
    ConnectFailed,
    ConnectionLost,
    ConnectTimeout,
    NameNotFound,
    NothingReceived,
    TlsFailed,
)
from loadtests.client.origin import Origin
from loadtests.client.watch import NEVER, Watch
from loadtests.tests.client.conftest import OK, Asker, Hostile, script

NO_CHECKS = tls_context(verify=False)
HELLO = f"{OK}Content-Length: 5\r\n\r\nhello"
ONCE = (("close_if_reused",), ("send", HELLO))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_idempotent_requests_are_sent_once_more(asker: Asker, method: str) -> None:
    """When a kept connection is closed before any answer, an idempotent request goes out again on a new one."""
    path = script(*ONCE, (method,))
    asker.ask()
    assert asker.ask(path, method).head.status == 200
    assert asker.seen(path) == 2


def test_posts_are_not_sent_again(asker: Asker) -> None:
    """A POST may have been carried out: it fails instead."""
    path = script(*ONCE, ("POST",))
    asker.ask()
    with pytest.raises(NothingReceived):
        asker.ask(path, "POST", data="x")
    assert asker.seen(path) == 1


def test_uploads_that_can_be_read_once_are_not_sent_again(asker: Asker) -> None:
    """Nor is a body that is gone, whatever the method."""
    path = script(*ONCE, ("iterator",))
    asker.ask()
    with pytest.raises(NothingReceived):
        asker.ask(path, "PUT", data=iter(["x"]))
    assert asker.seen(path) == 1


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_new_connection_is_not_tried_again(hostile: Hostile, ending: str) -> None:
    """A server that closes every connection gets one request."""
    path = script((ending,), ("fresh",))
    with pytest.raises(NothingReceived):
        Asker(hostile.plain).ask(path)
    assert Asker(hostile.plain).seen(path) == 1


def test_part_of_an_answer_forbids_another_try(asker: Asker) -> None:
    """Once a byte of the answer came, nothing is sent again."""
    path = script(("send", "H"), ("close",))
    asker.ask()
    with pytest.raises(ConnectionLost, match="within the head"):
        asker.ask(path)
    assert asker.seen(path) == 1


def test_a_connection_closed_while_idle_is_noticed(asker: Asker) -> None:
    """A kept connection that the server closed is seen as such before anything is sent on it."""
    connection = open_connection(asker.maker.origin, 60, NO_CHECKS)
    connection.begin(asker.maker.make("GET", script(("send", HELLO), ("close",))).wire, time.perf_counter() + 60)
    with gevent.Timeout(60):
        while connection.is_alive():
            gevent.sleep(0.01)


def test_nobody_listens() -> None:
    """A refused connection says so."""
    with pytest.raises(ConnectFailed, match="refused"):
        Asker(f"http://{LOOPBACK}:{free_port()}").ask()


def test_no_such_name() -> None:
    """A name that does not resolve says so."""
    with pytest.raises(NameNotFound, match=r"no-such-host\.invalid"):
        Asker("http://no-such-host.invalid").ask()


@pytest.fixture
def full_port() -> Iterator[int]:
    """Give a port whose queue of connections is full: further ones wait."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)  # noqa: FBT003 - its only way
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_connect_timeout(full_port: int) -> None:
    """The connect timeout ends the wait for a connection."""
    with pytest.raises(ConnectTimeout, match=r"within 0\.3 s"):
        open_connection(Origin("http", LOOPBACK, full_port), 0.3, NO_CHECKS)


def test_handshake_within_the_connect_timeout() -> None:
    """A server that accepts and never speaks TLS ends at the connect timeout."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        with pytest.raises(ConnectTimeout):
            open_connection(Origin("https", LOOPBACK, listener.getsockname()[1]), 0.3, NO_CHECKS)


def test_ipv6(hostile: Hostile) -> None:
    """An IPv6 address works, in the Host header too."""
    if not hostile.ipv6:
        pytest.skip("no IPv6 loopback (::1) here")
    assert Asker(hostile.ipv6).ask().json()["headers"]["host"] == hostile.ipv6.removeprefix("http://")


def test_tls_with_a_known_authority(hostile: Hostile) -> None:
    """A certificate of an authority that was named is good; several requests and long bodies go through."""
    asker = Asker(hostile.good, verify=hostile.certificates.authority)
    before = asker.ask().json()["connections"]
    assert asker.ask(method="PUT", data=b"\x01" * 20_000_000).json()["sum"] == 20_000_000
    assert (
        asker.play(("send", f"{OK}Content-Length: 3000000\r\n\r\n"), ("send", "x" * 1_000, 3_000)).length == 3_000_000
    )
    assert asker.ask().json()["connections"] == before


@pytest.mark.parametrize("named", [True, False])
def test_tls_refusals(hostile: Hostile, *, named: bool) -> None:
    """A certificate of an unknown authority is refused, and one of a known authority for another host."""
    with pytest.raises(TlsFailed, match=r"self-signed|unable to get|mismatch|not valid"):
        Asker(hostile.other, verify=hostile.certificates.authority if named else True).ask()


def test_tls_unverified_only_when_said(hostile: Hostile) -> None:
    """Without verification any certificate will do."""
    assert Asker(hostile.other, verify=False).ask().head.status == 200


def test_tls_with_a_server_that_has_none() -> None:
    """A server that speaks no TLS is a TLS failure."""
    here, there = socket.socketpair()
    here.setblocking(False)  # noqa: FBT003 - its only way
    with there:
        there.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(TlsFailed):
            Connection(here).secure(NO_CHECKS, LOOPBACK)


def test_tls_broken_off(hostile: Hostile) -> None:
    """A body that ends with the connection must end as TLS ends, not by a reset."""
    asker = Asker(hostile.good, verify=hostile.certificates.authority)
    with pytest.raises(ConnectionLost):
        asker.play(("send", f"{OK}\r\nhello"), ("reset",))


class Sleeper:
    """A connection that waits, of a socket on which nothing comes."""

    def __init__(self, number: int, deadline_s: float) -> None:
        self.number = number
        self.deadline_s = deadline_s
        self.waiter: object = self
        self.expired = False

    def expire(self) -> None:
        """Note it."""
        self.expired, self.waiter = True, None


NOON_S = 10.0


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch with a clock that stands at noon."""
    made = Watch(gevent.get_hub(), lambda: NOON_S)
    yield made
    made.stop()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two ends of a connection."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_watch_expires_at_the_deadline_and_not_before(watch: Watch, pair: tuple[socket.socket, socket.socket]) -> None:
    """Of those that wait, the watch ends those whose deadline has passed."""
    early, late = Sleeper(pair[0].fileno(), NOON_S - 0.001), Sleeper(pair[0].fileno(), NOON_S + 5)
    watch.connections = {early, late, Sleeper(pair[0].fileno(), NOON_S + 9)}
    watch.look()
    assert (early.expired, late.expired) == (True, False)
    assert watch.rings_s == late.deadline_s


def test_watch_rings_for_the_earliest(watch: Watch) -> None:
    """Nothing rings while nobody waits; then the earliest deadline does, in whatever order they are told."""
    watch.look()
    assert watch.rings_s == NEVER
    for deadline_s in (NOON_S + 9, NOON_S + 5, NOON_S + 7):
        watch.expect(deadline_s)
    assert watch.rings_s == NOON_S + 5


def test_watch_expires_by_itself(pair: tuple[socket.socket, socket.socket]) -> None:
    """What waits is expired without anybody asking, also what is told last and waits less than all others."""
    sleepers = [Sleeper(pair[0].fileno(), time.perf_counter() + seconds) for seconds in (60.0, 0.2, 0.1)]
    watch = Watch(gevent.get_hub())
    watch.connections.update(sleepers)
    for sleeper in sleepers:
        watch.expect(sleeper.deadline_s)
    with gevent.Timeout(50):
        while not all(sleeper.expired for sleeper in sleepers[1:]):
            gevent.sleep(0.01)
    watch.stop()
    assert time.perf_counter() >= sleepers[1].deadline_s
    assert not sleepers[0].expired


def test_what_has_come_is_no_time_out(watch: Watch, pair: tuple[socket.socket, socket.socket]) -> None:
    """When this process stood still past the deadline, an answer that lies there is read, not timed out."""
    pair[1].send(b"answer")
    waiting = Sleeper(pair[0].fileno(), 0.0)
    watch.connections = {waiting}
    watch.look()
    assert not waiting.expired


def test_time_outs_stay_right_on_a_used_connection(asker: Asker) -> None:
    """Each request has the whole read timeout, however long its connection has been used."""
    for _ in range(8):
        assert asker.ask().head.status == 200
        gevent.sleep(0.1)
    started = time.perf_counter()
    with pytest.raises(AnswerTimeout):
        asker.play(("hang",), timeout_s=0.4)
    assert time.perf_counter() - started >= 0.4


def test_connections_of_a_greenlet_that_is_killed_are_closed(asker: Asker) -> None:
    """A request that is killed leaves no connection behind that could answer the next one."""
    waiting = gevent.spawn(asker.play, ("hang",))
    gevent.sleep(0.2)
    waiting.kill()
    assert asker.ask().head.status == 200


def test_close_is_final(hostile: Hostile) -> None:
    """A closed connection has no socket, and may be closed again."""
    origin = Asker(hostile.plain).maker.origin
    connection: Connection = open_connection(origin, 10, NO_CHECKS)
    connection.close()
    connection.close()
    assert connection.waiter is None
