"""Requests go out as they were meant, or not at all."""

import io
import os
from collections.abc import Iterator
from typing import Any

import pytest

from loadtests.client.errors import BodySpent, InvalidRequest
from loadtests.client.request import RequestMaker
from loadtests.client.upload import PIECE_BYTES, Upload
from loadtests.tests.client.conftest import OK, Asker

HELLO = f"{OK}Content-Length: 5\r\n\r\nhello"
MAKER = RequestMaker("http://alice:se%40cret@127.0.0.1:8000/base/", {"X-Team": "load"})


def wire(method: str = "GET", url: str = "/", **options: Any) -> str:
    """Return a request as it goes out."""
    return MAKER.make(method, url, **options).wire.decode("latin-1")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a", "/base/a"),
        ("", "/base"),
        ("/ä ö/\N{SNOWMAN}?q=ü&r=%20#end", "/base/%C3%A4%20%C3%B6/%E2%98%83?q=%C3%BC&r=%20"),
        ("/a?b=c|d\"'", "/base/a?b=c|d%22'"),
        ("http://127.0.0.1:8000", "/"),
        ("http://127.0.0.1:8000//two", "//two"),
    ],
)
def test_targets(path: str, target: str) -> None:
    """Paths follow the base URL; what is not ASCII is percent-encoded, and what is encoded stays as it is."""
    assert wire(url=path).startswith(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n")


def test_default_headers_and_their_replacement() -> None:
    """Default headers go with every request; those of the request replace them in any case."""
    assert "\r\nAccept-Encoding: gzip\r\n" in wire()
    assert "\r\nX-Team: load\r\n" in wire()
    assert "\r\nx-team: other\r\n" in wire(headers={"x-team": "other"})
    assert "X-Team: load" not in wire(headers={"x-team": "other"})


def test_credentials_of_the_base_url_stay_with_its_origin() -> None:
    """User and password of the base URL are sent to its origin, and to no other."""
    assert "Authorization: Basic YWxpY2U6c2VAY3JldA==\r\n" in wire()
    assert "Authorization" not in wire(url="http://127.0.0.1:8001/")


@pytest.mark.parametrize(
    ("options", "kind", "body"),
    [
        ({"json": {"a": [1, "ü"]}}, "application/json", '{"a": [1, "\\u00fc"]}'),
        ({"data": {"a": ["1", "2"], "b": "c d"}}, "application/x-www-form-urlencoded", "a=1&a=2&b=c+d"),
        ({"data": "text", "headers": {"Content-Type": "text/plain"}}, "text/plain", "text"),
        ({"data": b"{}", "headers": {"content-type": "application/json"}}, "application/json", "{}"),
    ],
)
def test_bodies(options: dict[str, Any], kind: str, body: str) -> None:
    """JSON, forms, text and bytes carry their type and their length."""
    sent = wire("POST", **options)
    assert f"ontent-{'type' if b'{}' in options.values() else 'Type'}: {kind}\r\n" in sent
    assert sent.endswith(f"Content-Length: {len(body)}\r\n\r\n{body}")


def test_a_post_without_a_body_says_so() -> None:
    """What usually has a body names the length 0; a GET names none."""
    assert "Content-Length: 0\r\n" in wire("POST")
    assert "Content-Length" not in wire("GET")


def test_parameters_join_the_query() -> None:
    """Parameters are added to those of the URL, before its fragment."""
    found = MAKER.make("GET", "/a?b=c#d", params={"e": ["f", "g h"]})
    assert found.line.target == "/base/a?b=c&e=f&e=g+h"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": "/a\r\nX-Injected: yes"}, "control characters"),
        ({"url": "/a\x00"}, "control characters"),
        ({"method": "GET /x HTTP/1.1\r\n"}, "no HTTP method"),
        ({"headers": {"X": "a\r\nX-Injected: yes"}}, "control characters"),
        ({"headers": {"X": b"a\nb"}}, "control characters"),
        ({"headers": {"X: y\r\nZ": "a"}}, "no name of a header"),
        ({"headers": {"X": 7}}, "make it text"),
        ({"headers": {"X": "\N{SNOWMAN}"}}, "beyond Latin-1"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "the client itself"),
        ({"headers": {"Content-Length": "3"}, "data": "four"}, "has 4 bytes"),
        ({"headers": {"Content-Length": "many"}}, "no number"),
        ({"url": "ftp://127.0.0.1/"}, "no URL|absolute"),
        ({"url": "http://127.0.0.1:port/"}, "no URL"),
        ({"data": [b"no", b"pairs"]}, "pairs"),
        ({"data": 7}, "not of int"),
    ],
)
def test_refused(options: dict[str, Any], problem: str) -> None:
    """What would break the head, or frame the body twice, is refused before anything is sent."""
    with pytest.raises(InvalidRequest, match=problem):
        wire(**options)


def test_no_limit_to_what_was_kept() -> None:
    """However many paths and headers there are, only the last are kept."""
    maker = RequestMaker("http://127.0.0.1", {})
    for number in range(10_000):
        maker.plain("GET", f"/{number}")
        maker.make("GET", "/", headers={"X": str(number)})
    kept = [len(found) for found in vars(maker).values() if isinstance(found, dict)]
    assert max(kept) <= 4_096


def lines() -> Iterator[str]:
    """Yield a body that can be read once."""
    yield from ("one\n", "", "two\n")


def test_upload_of_an_iterator_is_chunked(asker: Asker) -> None:
    """What an iterator yields is sent in chunks."""
    said = asker.ask(method="POST", data=lines()).json()
    assert said["length"] == 8
    assert said["headers"]["transfer-encoding"] == "chunked"


def test_upload_of_an_iterator_with_its_length(asker: Asker) -> None:
    """With Content-Length it is sent as it is, and must have that length."""
    said = asker.ask(method="POST", data=lines(), headers={"Content-Length": "8"}).json()
    assert said["length"] == 8
    assert "transfer-encoding" not in said["headers"]
    for length in ("7", "9"):
        with pytest.raises(InvalidRequest, match="Content-Length"):
            asker.ask(method="POST", data=lines(), headers={"Content-Length": length})
    assert asker.ask().head.status == 200


def test_upload_of_a_file_from_where_it_is(asker: Asker) -> None:
    """A file is sent from where it is to its end, with its length; another time again."""
    file = io.BytesIO(b"skip" + bytes(range(256)) * 1_000)
    file.seek(4)
    upload = Upload(file, None)
    assert b"".join(upload.pieces()) == b"".join(upload.pieces()) == file.getvalue()[4:]
    file.seek(4)
    said = asker.ask(method="PUT", data=file).json()
    assert (said["length"], said["sum"]) == (256_000, sum(range(256)) * 1_000)


def test_upload_of_a_pipe(asker: Asker) -> None:
    """A file that cannot seek is sent in chunks, once."""
    reading, writing = os.pipe()
    os.write(writing, b"hello")
    os.close(writing)
    with open(reading, "rb") as file:  # noqa: PTH123 - a descriptor
        assert asker.ask(method="POST", data=file).json()["length"] == 5


def test_upload_of_many_bytes(asker: Asker) -> None:
    """More bytes than the socket takes at once all arrive."""
    said = asker.ask(method="POST", data=b"\x01" * 20_000_000).json()
    assert (said["length"], said["sum"]) == (20_000_000, 20_000_000)


def test_a_body_that_can_be_read_once_is_not_sent_again() -> None:
    """Reading it again is an error, not an empty body."""
    upload = Upload(lines(), None)
    list(upload.pieces())
    with pytest.raises(BodySpent):
        list(upload.pieces())


def test_expect_waits_for_the_go_ahead(asker: Asker) -> None:
    """With Expect: 100-continue the body is sent when the server asks for it."""
    said = asker.ask(method="POST", data=b"hello", headers={"Expect": "100-continue"}).json()
    assert said["length"] == 5
    assert said["headers"]["expect"] == "100-continue"


def test_expect_and_a_refusal(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A final answer instead is the answer: the body stays here, and the connection carries no other request."""
    monkeypatch.setattr("loadtests.client.sending.GO_AHEAD_S", 60.0)  # a busy machine may take long to refuse
    refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
    before = asker.ask().json()["connections"]
    read: list[str] = []

    def body() -> Iterator[str]:
        read.append("read")
        yield "x"

    found = asker.play(
        ("send", refusal), ("hang",), method="POST", data=body(),
        headers={"Expect": "100-continue"},
    )  # fmt: skip
    assert found.head.status == 417
    assert not read
    assert asker.ask().json()["connections"] == before + 1


def test_expect_without_a_go_ahead(asker: Asker) -> None:
    """A server that knows nothing of it gets the body after a while."""
    found = asker.play(("body",), ("send", HELLO), method="POST", data=b"x" * 10, headers={"expect": "100-continue"})
    assert found.body == b"hello"


def test_an_early_answer_ends_the_upload(asker: Asker) -> None:
    """A server that answers 413 and reads no more is understood, although the body is not sent to its end."""
    early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
    assert asker.play(("send", early), ("hang",), method="POST", data=bytes(50_000_000)).head.status == 413
    assert asker.ask().head.status == 200


def test_pieces_are_small() -> None:
    """Many bytes are cut, so that none of them has to be copied whole."""
    assert max(map(len, Upload(bytes(10**6), 10**6).pieces())) <= PIECE_BYTES
