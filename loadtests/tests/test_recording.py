"""What is read of a recording, and what is chosen from it."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RequestError
from loadtests.replay.recording import Choice, chosen_of, origins_of, read_recording, sequences_of
from loadtests.replay.things import Sequence, is_as_recorded, thing_made, with_makers
from loadtests.tests.recordings import case, entry, event, har, ndjson

BOOK = '{"id": 7}'


def paths(sequences: list[Sequence]) -> list[list[str]]:
    """Return sequences as `METHOD /path`."""
    return [[f"{one.method} {one.path}" for one in sequence] for sequence in sequences]


def test_har() -> None:
    """A request is read with its headers, its body, and what it was answered how fast."""
    ((one,),) = sequences_of(har(entry("POST /books?x=1", 201, body="{}", headers={"A": "b"}, answer=BOOK, ms=250)))
    assert (one.method, one.path, one.body, one.headers) == ("POST", "/books?x=1", b"{}", (("A", "b"),))
    assert (one.status, one.elapsed_s, one.failed, one.made) == (201, 0.25, False, "/books/7")


def test_har_with_byte_order_mark() -> None:
    """Tools on Windows write one."""
    assert paths(sequences_of(b"\xef\xbb\xbf" + har(entry("GET /")))) == [["GET /"]]


def test_form_of_har() -> None:
    """A form that is there by its fields only is sent as one."""
    posted = entry("POST /login", body="")
    fields = [{"name": "user", "value": "ä"}, {"name": "at", "value": "1 2"}]
    posted["request"]["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": fields}
    ((one,),) = sequences_of(har(posted))
    assert one.body == b"user=%C3%A4&at=1+2"


@pytest.mark.parametrize(("text", "body"), [("/wA=", b"\xff\x00"), ("odd", None)])
def test_bytes_of_har(text: str, body: bytes | None) -> None:
    """A body that the contract suite wrote as base64 is its bytes; one that only says so cannot be sent."""
    posted = entry("POST /blobs", body=text)
    posted["request"]["postData"]["_encoding"] = "base64"
    ((one,),) = sequences_of(har(posted))
    assert (one.body, one.problem is None) == (body, body is not None)


def test_pages_are_sequences() -> None:
    """What belongs to a page keeps its order; what belongs to none stands by itself."""
    entries = [entry("GET /1", page="p"), entry("GET /2"), entry("GET /3", page="p"), entry("GET /4")]
    assert paths(sequences_of(har(*entries))) == [["GET /1", "GET /3"], ["GET /2"], ["GET /4"]]


def test_events() -> None:
    """A case and what came of it are a sequence; the identity and the template are the file's."""
    made = case("POST /books", "/books", 201, identity="ann", body=b"{}", answer=BOOK.encode())
    read = case("GET /books/7", "/books/{id}", 200, parent="a")
    again = case("GET /books/7", "/books/{id}", 200, parent="b")
    other = case("GET /", "/", 0)
    first, second = sequences_of(ndjson(event(a=made, b=read, z=other, c=again)))
    assert paths([first, second]) == [["POST /books", "GET /books/7", "GET /books/7"], ["GET /"]]
    assert (first[0].identity, first[0].body, first[0].made) == ("ann", b"{}", "/books/7")
    assert (first[1].identity, first[1].template) == (None, "/books/{id}")
    assert (second[0].status, second[0].failed) == (0, True)


def test_events_of_killed_run() -> None:
    """A last line that was cut short is left out."""
    content = ndjson(event(a=case("GET /1", "/1")), event(a=case("GET /2", "/2")))
    assert paths(sequences_of(content[:-9])) == [["GET /1"]]


def test_slowest() -> None:
    """The slowest are chosen, and stay in their order."""
    timed = sequences_of(har(*(entry(f"GET /{ms}", ms=ms) for ms in (5, 30, 10, 20))))
    assert chosen_of(timed, Choice(Path(), slowest=2)) == [1, 3]


def test_failed() -> None:
    """Failed is what a check says, what ended in a server error, and what was not answered."""
    cases = [case("GET /a", "/", check="failure"), case("GET /b", "/", 404), case("GET /c", "/", 503)]
    found = sequences_of(ndjson(*(event(a=one) for one in cases)))
    assert chosen_of(found, Choice(Path(), failed=True)) == [0, 2]


def test_maker_comes_before() -> None:
    """What a path rests on is made first, by the request that made it, and by what that one rests on."""
    entries = [
        entry("POST /shelves", 201, answer='{"id": "s"}'),
        entry("POST /shelves/s/books", 201, answer=BOOK),
        entry("GET /shelves/s/books/7/pages"),
        entry("GET /shelves/s/books/7", 404),
        entry("GET /shelves/other"),
    ]
    makers = ["POST /shelves", "POST /shelves/s/books"]
    assert paths(with_makers(sequences_of(har(*entries)))) == [
        makers[:1],
        makers,
        [*makers, "GET /shelves/s/books/7/pages"],
        ["GET /shelves/s/books/7"],
        ["GET /shelves/other"],
    ]


@pytest.mark.parametrize(
    ("location", "body", "made"),
    [
        ("/v2/books/9", b"", "/v2/books/9"),
        ("http://elsewhere/books/9?x=1", b"", "/books/9"),
        ("9", b"", "/books/9"),
        ("", b'{"bookId": "n9"}', "/books/n9"),
        ("", b'{"id": "a b"}', "/books/a%20b"),
        ("", b"[", None),
        ("http://[", b"", None),
        ("/", b"", None),
        ("/books", b"", None),
    ],
)
def test_thing_made(location: str, body: bytes, made: str | None) -> None:
    """What was made is where Location says, or below the path by the id in the answer."""
    assert thing_made("POST", "/books?dry=no", 201, location, body) == made


@pytest.mark.parametrize(
    ("status", "recorded"), [(200, 201), (422, 404), (200, 304), (304, 200), (200, 500), (404, 500), (404, 0)]
)
def test_as_recorded(status: int, recorded: int) -> None:
    """An answer of the class that was recorded is right; so is any but a server error where there was none or one."""
    assert is_as_recorded(status, recorded)


@pytest.mark.parametrize(("status", "recorded"), [(404, 200), (302, 200), (200, 404), (500, 500), (503, 0), (501, 200)])
def test_not_as_recorded(status: int, recorded: int) -> None:
    """An answer of another class is not right, and a server error never is."""
    assert not is_as_recorded(status, recorded)


def test_origins() -> None:
    """Where requests went is told without the credentials in an address."""
    found = sequences_of(har(entry("GET http://ann:pw@a/x"), entry("GET http://a/y"), entry("GET https://b:1/")))
    assert origins_of(found) == ["http://a", "https://b:1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no requests"),
        (b"<html>", "is not JSON"),
        (b"\xff\xfe{", "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[]", "is neither a HAR (which has `log`) nor events of Schemathesis"),
        (b'{"openapi": "3.1.0", "paths": {}}', "is neither a HAR"),
        (b'{"log": {}}', "is no HAR: Object missing required field `entries`"),
        (b'{"log": {"entries": [{"request": {"method": "GET"}}]}}', "field `url` - at `$.log.entries[0].request`"),
        (har(), "holds no requests"),
        (ndjson(), "holds no requests"),
        (ndjson() + b"nothing\n", "line 2 is not JSON"),
        (ndjson({"ScenarioFinished": {"recorder": {"cases": 1}}}), "line 2: is no event of Schemathesis"),
        (har(entry("GET /")), "none of its 1 requests failed"),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, said: str) -> None:
    """What is no recording is refused in one line that names the file."""
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(RequestError) as refused:
        read_recording(Choice(tmp_path / "file", failed=True))
    assert str(refused.value).startswith(f"{tmp_path / 'file'}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["missing", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    """A file that is not there, or is none, is named."""
    with pytest.raises(RequestError, match="cannot be read: "):
        read_recording(Choice(tmp_path / name))


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one, max_size=3))
mappings = st.dictionaries(st.sampled_from(["entries", "request", "url", "method", "recorder", "cases"]), values)


@given(st.dictionaries(st.sampled_from(["log", "ScenarioFinished"]), values | mappings, min_size=1, max_size=1))
def test_any_json(content: dict[str, Any]) -> None:
    """Whatever JSON it is, it is read or refused."""
    with contextlib.suppress(ValueError):
        sequences_of(ndjson(content).splitlines()[1])
