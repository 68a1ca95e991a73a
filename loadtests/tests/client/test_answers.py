"""Answers of every shape that HTTP/1.1 allows are read to their end, and not further."""

import gzip
import time

import pytest

from loadtests.client.decoding import unpack_all
from loadtests.client.errors import AnswerTimeout, BadAnswer, ConnectionLost, DecodingFailed
from loadtests.tests.client.conftest import OK, Asker

HELLO = f"{OK}Content-Length: 5\r\n\r\nhello"


def test_whole_answer_keeps_the_connection(asker: Asker) -> None:
    """Two answers of known length come over one connection."""
    before = asker.ask().json()["connections"]
    assert asker.play(("send", HELLO)).body == b"hello"
    assert asker.ask().json()["connections"] == before


@pytest.mark.parametrize(
    "text",
    [
        f"{OK}Content-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\n\r\n",
        f"{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_empty_answer(asker: Asker, text: str) -> None:
    """What has no body ends with its head, and the connection is used again."""
    before = asker.ask().json()["connections"]
    assert asker.play(("send", text)).body == b""
    assert asker.ask().json()["connections"] == before


def test_head_has_no_body(asker: Asker) -> None:
    """The answer to HEAD ends with its head, whatever length that names."""
    before = asker.ask().json()["connections"]
    assert asker.play(("send", f"{OK}Content-Length: 99\r\n\r\n"), method="HEAD").length == 0
    assert asker.play(("send", f"{OK}Transfer-Encoding: chunked\r\n\r\n"), method="HEAD").length == 0
    assert asker.ask().json()["connections"] == before


def test_chunks_with_extensions_and_trailers(asker: Asker) -> None:
    """Chunks are joined; their extensions and trailers are skipped."""
    chunks = "3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nChecksum: 7\r\n\r\n"
    before = asker.ask().json()["connections"]
    assert asker.play(("send", f"{OK}Transfer-Encoding: chunked\r\n\r\n{chunks}")).body == b"hello"
    assert asker.ask().json()["connections"] == before


def test_answer_in_single_bytes(asker: Asker) -> None:
    """However an answer is cut, it is the same."""
    chunked = f"{OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert asker.play(("drip", HELLO, 0.0)).body == b"hello"
    assert asker.play(("drip", chunked, 0.0)).body == b"hello"


def test_body_to_the_end_of_the_connection(asker: Asker) -> None:
    """Without any length the body ends with the connection."""
    assert asker.play(("send", f"{OK}\r\nhello"), ("close",)).body == b"hello"
    assert asker.ask().head.status == 200


def test_interim_answers_are_skipped(asker: Asker) -> None:
    """100 Continue and 103 Early Hints are not the answer."""
    interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    assert asker.play(("send", interim + HELLO)).body == b"hello"


def test_server_closes_after_the_answer(asker: Asker) -> None:
    """`Connection: close` is obeyed: the next request goes over a new connection."""
    before = asker.ask().json()["connections"]
    closing = f"{OK}Connection: close\r\nContent-Length: 5\r\n\r\nhello"
    assert asker.play(("send", closing), ("close",)).body == b"hello"
    assert asker.ask().json()["connections"] == before + 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SSH-2.0-OpenSSH_9.2\r\n", "not HTTP/1.1"),
        ("HTTP/2 200 OK\r\n\r\n", "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "not HTTP/1.1"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "not HTTP/1.1"),
        (f"{OK}Folded: a\r\n b\r\n\r\n", "not HTTP/1.1"),
        (f"{OK}Space : a\r\n\r\n", "not HTTP/1.1"),
        (f"{OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "two different"),
        (f"{OK}Content-Length: -1\r\n\r\n", "no number"),
        (f"{OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ambiguous"),
        (f"{OK}Transfer-Encoding: gzip, chunked\r\n\r\n", "not just `chunked`"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ambiguous"),
        (f"{OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "without a size"),
        (f"{OK}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", "without a size"),
        (f"{OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello world\r\n0\r\n\r\n", "framing"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "another protocol"),
    ],
)
def test_malformed_or_ambiguous(asker: Asker, text: str, problem: str) -> None:
    """What is no HTTP/1.1, or could be read in two ways, is an error at once, and its connection is not used again."""
    with pytest.raises(BadAnswer, match=problem):
        asker.play(("send", text), ("hang",))
    assert asker.ask().head.status == 200


@pytest.mark.parametrize(
    ("start", "line", "problem"),
    [
        (OK, "Name: value\r\n", "longer than 65536"),
        (OK + "Name: ", "value", "longer than 65536"),
        ("HTTP/1.1 200 ", "OK", "longer than 65536"),
        ("", "garbage", "not HTTP/1.1"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n", "interim answers"),
        (f"{OK}Transfer-Encoding: chunked\r\n\r\n", "0", "does not end"),
        (f"{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n", "Name: value\r\n", "does not end"),
    ],
)
def test_endless_heads_are_bounded(asker: Asker, start: str, line: str, problem: str) -> None:
    """What comes before the body, between chunks or after them is given up at its bound."""
    with pytest.raises(BadAnswer, match=problem):
        asker.play(("send", start), ("send", line * 100, 100_000), ("hang",))


@pytest.mark.parametrize(
    "text",
    [
        OK,
        f"{OK}Content-Length: 9\r\n\r\nhello",
        f"{OK}Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
        f"{OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_truncated(asker: Asker, text: str) -> None:
    """An answer that breaks off is an error, not a short answer; so is one whose connection is reset."""
    with pytest.raises(ConnectionLost, match="within"):
        asker.play(("send", text), ("close",))
    with pytest.raises(ConnectionLost):
        asker.play(("send", text), ("reset",))


def test_more_than_announced(asker: Asker) -> None:
    """What comes after an answer is never taken for the next one."""
    assert asker.play(("send", HELLO + HELLO.replace("200", "500"))).body == b"hello"
    assert asker.ask().head.status == 200


def test_slow_drip_ends_at_the_read_timeout(asker: Asker) -> None:
    """The read timeout bounds the whole answer, however steadily it drips."""
    started = time.perf_counter()
    with pytest.raises(AnswerTimeout):
        asker.play(("drip", HELLO * 1_000, 0.05), timeout_s=0.5)
    assert time.perf_counter() - started >= 0.5


def test_silence_ends_at_the_read_timeout(asker: Asker) -> None:
    """So does silence; the connection is not used again."""
    with pytest.raises(AnswerTimeout):
        asker.play(("hang",), timeout_s=0.3)
    assert asker.ask().head.status == 200


def test_long_body_is_counted_not_kept(asker: Asker) -> None:
    """A body beyond the limit is read to its end and dropped."""
    found = asker.play(("send", f"{OK}Content-Length: 3000000\r\n\r\n"), ("send", "x" * 1_000, 3_000))
    assert found.body is None
    assert found.length == 3_000_000
    assert asker.ask().head.status == 200


def test_gzip_is_bounded() -> None:
    """What unpacks to more than the limit is refused before it is unpacked whole."""
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(DecodingFailed, match="more than"):
        unpack_all(bomb, 1_000_000)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"hello")[:-9]], ids=["not gzip", "cut off"])
def test_broken_gzip(body: bytes) -> None:
    """Broken gzip is an error."""
    with pytest.raises(DecodingFailed):
        unpack_all(body, 1_000)


def test_gzip_members_follow_one_another() -> None:
    """Gzip of several members is one body, at any length."""
    one, two = bytes(262_144), b"two"
    assert unpack_all(gzip.compress(one) + gzip.compress(two), 10**6) == one + two
