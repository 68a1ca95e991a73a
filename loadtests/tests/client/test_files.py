"""Forms with files arrive as those that `requests` makes, and are read while they are sent."""

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
import requests
from werkzeug.formparser import parse_form_data

from loadtests.client.errors import InvalidRequest, NothingReceived
from loadtests.client.multipart import Multipart
from loadtests.client.upload import PIECE_BYTES, Upload
from loadtests.tests.client.conftest import OK, Asker, script

Made = tuple[Any, Any]  # data and files


def named(name: str) -> io.BytesIO:
    """Return a file of that name."""
    file = io.BytesIO(b"x")
    file.name = name
    return file


def understood(content_type: str, body: bytes) -> tuple[list[Any], list[Any]]:
    """Return the fields and the files that a Flask service would see."""
    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    _stream, form, files = parse_form_data(environ, stream_factory=lambda *_named, **_told: io.BytesIO())
    seen = [(field, one.filename, one.headers.items(), one.read()) for field, one in files.items(multi=True)]
    return list(form.items(multi=True)), [
        (field, name, dict(headers), content) for field, name, headers, content in seen
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: (None, {"f": b"bytes"}),
        lambda: ({"a": "ü", "b": ["1", 2], "c": None}, {"f": "text", "g": bytearray(b"more")}),
        lambda: ([("a", b"1"), ("a", "2")], [("f", io.BytesIO(b"\r\n--")), ("f", io.StringIO("text"))]),
        lambda: (None, {"f": ('na"me\r\n ü.txt', b"x")}),
        lambda: (None, {"f": ("a.png", io.BytesIO(b"x" * 3_000), "image/png")}),
        lambda: (None, {"f": ("a.csv", "1,2", "text/csv", {"X-Kind": "table"})}),
        lambda: ({"a": ""}, {"f": ("", b"no name")}),
        lambda: (None, {"f": named("/some/where/a.txt")}),
        lambda: (None, {"f": named("<stdin>")}),
    ],
)
def test_as_requests_makes_them(asker: Asker, make: Callable[[], Made]) -> None:
    """Names, fields, types and contents are those of the same call of `requests`, in the same order."""
    (data, files), (their_data, their_files) = make(), make()
    said = asker.ask(method="POST", data=data, files=files).json()
    theirs = requests.Request("POST", "http://127.0.0.1/", data=their_data, files=their_files).prepare()
    expected = understood(str(theirs.headers["Content-Type"]), theirs.body)  # type: ignore[arg-type]  # it is bytes here
    assert understood(said["headers"]["content-type"], said["beginning"].encode("latin-1")) == expected
    assert said["headers"]["content-length"] == str(said["length"])


def test_from_where_it_is(asker: Asker) -> None:
    """A file goes from where it is to its end, another time again, and in few pieces."""
    file = io.BytesIO(b"skip" + b"\x01" * 300_000)
    file.seek(4)
    upload = Upload(Multipart({"a": "b"}, {"f": file}), None)
    pieces = list(upload.pieces())
    assert pieces == list(upload.pieces())
    assert sum(map(len, pieces)) == upload.length
    assert max(map(len, pieces)) <= 2 * PIECE_BYTES
    assert len(pieces) <= 5
    upload.rewind()
    assert asker.ask(method="POST", files={"f": file}).json()["sum"] > 300_000


def test_unknown_length(asker: Asker) -> None:
    """What has no length that could be known is sent in chunks, once."""
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe")
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = asker.ask(method="POST", files={"f": ("p", pipe), "g": ("i", iter(["one", "two"]))}).json()
    assert said["headers"]["transfer-encoding"] == "chunked"
    _form, files = understood(said["headers"]["content-type"], said["beginning"].encode("latin-1"))
    assert [content for _field, _name, _headers, content in files] == [b"from a pipe", b"onetwo"]


@pytest.mark.parametrize(("file", "times"), [(lambda: io.BytesIO(b"x"), 2), (lambda: iter(["x"]), 1)])
def test_sent_once_more(asker: Asker, file: Callable[[], Any], times: int) -> None:
    """When a kept connection is closed before any answer, a form is sent again only if it can be read again."""
    path = script(("close_if_reused",), ("body",), ("send", f"{OK}Content-Length: 0\r\n\r\n"), (f"{times} files",))
    asker.ask()
    try:
        assert asker.ask(path, "PUT", files={"f": ("name", file())}).head.status == 200
    except NothingReceived:
        assert times == 1
    assert asker.seen(path) == times


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"json": {}, "files": {"f": b""}}, "either json"),
        ({"data": "text", "files": {"f": b""}}, "mapping or pairs"),
        ({"files": b"bytes"}, "mapping or pairs"),
        ({"files": {"f": ("name",)}}, "tuple of 1"),
        ({"files": {"f": 7}}, "not of int"),
        ({"files": {"f": ("name", b"", "text/plain\r\nX: y")}}, "line's end"),
    ],
)
def test_refused(asker: Asker, options: dict[str, Any], problem: str) -> None:
    """What is no form with files is refused before anything is sent."""
    with pytest.raises(InvalidRequest, match=problem):
        asker.maker.make("POST", "/", **options)
