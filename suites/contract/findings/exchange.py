"""Requests of a run: taken from the recording, sent again as they were."""

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

import msgspec

from harness.asking import read_all
from harness.contract_findings import Step

FILTERED = "[Filtered]"
"""What Schemathesis puts in the place of a secret."""
NO_SECRETS = frozenset({"idempotency-key"})
"""Headers that Schemathesis hides for their names. Others may be somebody's, from a configuration or an answer."""
WRONG = "Bearer nobody-has-this"
TIMEOUT_S = 60.0
LONGEST_KEPT = 1024 * 1024
"""Bytes of an answer; what Schemathesis records of one, or an answer of that length would not be the same again."""


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
    except (ValueError, RecursionError):  # not JSON, not text, or deeper than anybody reads
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


def step_of_case(case: Mapping[str, Any], request: Mapping[str, Any]) -> Step:
    """Return the recorded request of a case; of what is hidden in it, what is known to be no secret is what it was.

    Where nobody recorded that, a key of its own stands for it.
    """
    step = step_of(request, case.get("auth_identity"))
    generated = ((case.get("meta") or {}).get("raw_containers") or {}).get("header") or {}
    known = {name.lower(): str(value) for name, value in generated.items() if name.lower() in NO_SECRETS}
    known = {**dict.fromkeys(NO_SECRETS, own_key(step)), **known}
    headers = {
        name: known.get(name.lower(), value) if FILTERED in value else value for name, value in step.headers.items()
    }
    return msgspec.structs.replace(step, headers=headers)


def own_key(step: Step) -> str:
    """Return an idempotency key of a request's own, by its body."""
    return str(uuid5(NAMESPACE_OID, str(step.body or step.body_base64)))


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


def connection_to(base_url: str, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection to a target, which is not open yet."""
    parts = urlsplit(base_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.netloc.rpartition("@")[2], timeout=timeout_s)


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
    connection = connection_to(base_url, timeout_s)
    try:
        connection.request(step.method, step.path, body=body_of(step), headers=headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, read_all(answer, longest_s=timeout_s)[:LONGEST_KEPT])
    finally:
        connection.close()
