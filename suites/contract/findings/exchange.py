"""Requests of a run: taken from the recording, sent again as they were, shown as curl lines and HAR entries."""

import base64
import http.client
import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from harness.asking import read_all
from harness.contract_findings import Step

FILTERED = "[Filtered]"
"""What Schemathesis puts in the place of a secret."""
WRONG = "Bearer nobody-has-this"
TIMEOUT_S = 60.0
LONGEST_KEPT = 1_000_000


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == 2

    @property
    def kind(self) -> tuple[object, ...]:
        """What does not change with numbers, ids and times: status, names of headers, and the shape of the body."""
        content = self.headers.get("content-type", "").split(";")[0]
        return (self.status, content, frozenset(self.headers) - _PASSING, _shape(self.body))


_PASSING = frozenset(
    {"date", "connection", "keep-alive", "age", "vary", "content-encoding", "content-length", "transfer-encoding"}
)


def _shape(body: bytes) -> object:
    try:
        return _shape_of(json.loads(body))
    except ValueError:  # not JSON, or not text
        return len(body) > 0


def _shape_of(value: object) -> object:
    if isinstance(value, dict):
        return frozenset((name, _shape_of(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return ("list", bool(value))
    return type(value).__name__


def answer_of(recorded: Mapping[str, Any]) -> Answer:
    """Return a recorded response."""
    headers = {name.lower(): values[0] for name, values in recorded.get("headers", {}).items()}
    return Answer(recorded["status_code"], headers, _bytes(recorded.get("content")) or b"")


def step_of(request: Mapping[str, Any], identity: str | None) -> Step:
    """Return a recorded request."""
    parts = urlsplit(request["uri"])
    step = Step(
        method=request["method"],
        path=parts.path + (f"?{parts.query}" if parts.query else ""),
        headers={name: values[0] for name, values in request["headers"].items()},
        identity=identity,
    )
    return with_body(step, _bytes(request.get("body")))


def _bytes(recorded: Mapping[str, str] | None) -> bytes | None:
    encoded = (recorded or {}).get("$base64")
    return None if encoded is None else base64.b64decode(encoded)


def _text(body: bytes | None) -> str | None:
    try:
        return None if body is None else body.decode()
    except UnicodeDecodeError:
        return None


def body_of(step: Step) -> bytes | None:
    """Return what a step sends."""
    if step.body_base64 is not None:
        return base64.b64decode(step.body_base64)
    return None if step.body is None else step.body.encode()


def with_body(step: Step, body: bytes | None) -> Step:
    """Return a step that sends another body."""
    text = _text(body)
    coded = None if body is None or text is not None else base64.b64encode(body).decode()
    return msgspec.structs.replace(step, body=text, body_base64=coded)


def send(base_url: str, step: Step, credentials: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> Answer:
    """Send a request again, with these headers in the place of those that were filtered; redirects are answers.

    Raises:
        OSError: nothing answered in time, the answer does not end, or the connection broke.
        http.client.HTTPException: what answered was no HTTP.
        ValueError: a header or the path cannot be written.

    """
    mine = {name.lower(): value for name, value in credentials.items()}
    headers = {
        name: mine.get(name.lower(), WRONG) if FILTERED in value else value for name, value in step.headers.items()
    }
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout_s)
    try:
        connection.request(step.method, step.path, body=body_of(step), headers=headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, read_all(answer, longest_s=timeout_s)[:LONGEST_KEPT])
    finally:
        connection.close()


def curl_line(base_url: str, step: Step) -> str:
    """Return a step as a curl line; a body that is not text comes from base64."""
    headers = [word for name, value in step.headers.items() for word in ("-H", f"{name}: {value}")]
    line = ["curl", "-X", step.method, *headers]
    if step.body_base64 is not None:
        return (
            f"echo {step.body_base64} | base64 -d | {shlex.join([*line, '--data-binary', '@-', base_url + step.path])}"
        )
    return shlex.join([*line, *(["--data-raw", step.body] if step.body else []), base_url + step.path])


def har_entry(base_url: str, step: Step, answer: Answer | None, started: str) -> dict[str, Any]:
    """Return a step and its answer as an entry of a HAR 1.2 file; status 0 where nothing answered.

    `_identity` says as whom it was sent, null for nobody.
    """
    body = step.body if step.body is not None else step.body_base64
    request: dict[str, Any] = {
        "method": step.method,
        "url": base_url + step.path,
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in step.headers.items()],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": len(body_of(step) or b""),
    }
    if body is not None:
        request["postData"] = {"mimeType": step.headers.get("Content-Type", ""), "text": body}
        if step.body_base64 is not None:
            request["postData"]["_encoding"] = "base64"
    return {
        "startedDateTime": started,
        "time": 0,
        "_identity": step.identity,
        "request": request,
        "response": _har_response(answer),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }


def _har_response(answer: Answer | None) -> dict[str, Any]:
    answer = answer or Answer(0, {}, b"")
    return {
        "status": answer.status,
        "statusText": http.client.responses.get(answer.status, ""),
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in answer.headers.items()],
        "cookies": [],
        "content": {
            "size": len(answer.body),
            "mimeType": answer.headers.get("content-type", ""),
            "text": answer.body.decode(errors="replace"),
        },
        "redirectURL": answer.headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(answer.body),
    }
