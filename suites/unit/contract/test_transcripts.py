"""Curl lines that send what was sent, and HAR entries that lose nothing."""

import base64
import shlex

import pytest

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer
from suites.contract.findings.transcripts import LONGEST_ARGUMENT, curl_line, har_entry, without_carriers

URL = "http://127.0.0.1:1"


def words(method: str = "GET", path: str = "/", body: str | None = None, **headers: str) -> list[str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return shlex.split(curl_line(URL, Step(method=method, path=path, headers=sent, body=body)))


def test_plain() -> None:
    """Method, headers, body and address are those of the request."""
    assert words("POST", "/things?a=1", "{'}", Content_Type="a/b") == [
        *("curl", "-X", "POST", "-H", "Content-Type: a/b", "--data-raw", "{'}", f"{URL}/things?a=1"),
    ]


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        (words("HEAD"), ["--head"]),
        (words(X_A=""), ["-H", "X-A;"]),
        (words("POST", body="{}"), ["-H", "Content-Type:"]),
        (words(path="/?a[]=1"), ["--globoff"]),
        (words(path="/a/../b"), ["--path-as-is"]),
    ],
    ids=["head", "empty header", "no content type", "brackets", "dots"],
)
def test_what_curl_does_by_itself(line: list[str], needed: list[str]) -> None:
    """Where curl would wait, leave a header out, add one, or read a path its own way, it is told not to."""
    at = line.index(needed[0])
    assert line[at : at + len(needed)] == needed


@pytest.mark.parametrize("body", ["a\0b", "x" * (LONGEST_ARGUMENT + 1)], ids=["zero byte", "large"])
def test_no_argument(body: str) -> None:
    """A body that cannot be an argument of a program comes from base64."""
    line = words("POST", body=body)
    assert line[:6] == ["echo", base64.b64encode(body.encode()).decode(), "|", "base64", "-d", "|"]
    assert line[-3:] == ["--data-binary", "@-", f"{URL}/"]


def test_address_with_a_path() -> None:
    """The path of the target's address, which a request has already, is not there twice."""
    step = Step(method="GET", path="/api/v1/things", headers={})
    assert curl_line(f"{URL}/api/v1", step).endswith(f" {URL}/api/v1/things")
    assert har_entry(f"{URL}/api/v1", step, None, "")["request"]["url"] == f"{URL}/api/v1/things"


@pytest.mark.parametrize(
    ("kind", "body", "content"),
    [
        ("image/png", b"\x89PNG", {"text": "iVBORw==", "encoding": "base64"}),
        ("image/svg", b"<svg/>", {"text": "<svg/>"}),
        ("text/plain; charset=utf-8", "caf\u00e9".encode()[:-1], {"text": "caf\ufffd"}),
    ],
)
def test_bodies_of_answers(kind: str, body: bytes, content: dict[str, str]) -> None:
    """A body that is no text is in base64; a text that was cut within a character stays one."""
    entry = har_entry(URL, Step(method="GET", path="/", headers={}), Answer(200, {"content-type": kind}, body), "")
    assert entry["response"]["content"] == {"size": len(body), "mimeType": kind, **content}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "curl -X GET -H 'X-Who: t0k' -H 'X-Page: 1' 'http://x/a b'",
            "curl -X GET -H 'X-Who: [Filtered]' -H 'X-Page: 1' 'http://x/a b'",
        ),
        ("curl -X POST -d 'x-who: t0k' http://x/", "curl -X POST -d 'x-who: t0k' http://x/"),
        ("it ended, and that's it", "it ended, and that's it"),
    ],
    ids=["a header", "a body", "no line"],
)
def test_lines_of_others(line: str, told: str) -> None:
    """A line that Schemathesis has written loses what carries an identity, whatever that header is called."""
    assert told == without_carriers(line, {"x-who"})
