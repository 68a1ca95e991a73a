"""Requests and answers as others can read and send them: curl lines, and entries of a HAR file."""

import base64
import http.client
import shlex
from collections.abc import Collection
from typing import Any

from harness.asking import origin
from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer, body_of

LONGEST_ARGUMENT = 100_000
"""Bytes of a body that is written into a line; Linux takes 128 KiB as one argument."""

_TEXTUAL = ("text", "json", "xml")


def curl_line(base_url: str, step: Step) -> str:
    """Return a step as a curl line; a body that cannot be an argument comes from base64."""
    body = body_of(step)
    line = ["curl", *_address_options(step.path), *_method(step), *_headers(step)]
    address = origin(base_url) + step.path
    if body and not _can_be_an_argument(step.body):
        coded = base64.b64encode(body).decode()
        return f"echo {coded} | base64 -d | {shlex.join([*line, '--data-binary', '@-', address])}"
    return shlex.join([*line, *(["--data-raw", step.body] if step.body else []), address])


def without_carriers(line: str, carriers: Collection[str]) -> str:
    """Return a curl line without the values of these headers (in lower case); any other text as it is."""
    if not line.startswith("curl "):
        return line
    words = shlex.split(line)
    for at, word in enumerate(words):
        name, colon, _ = word.partition(":")
        if at and words[at - 1] == "-H" and colon and name.lower() in carriers:
            words[at] = f"{name}: {FILTERED}"
    return shlex.join(words)


def _can_be_an_argument(text: str | None) -> bool:
    return text is not None and "\0" not in text and len(text.encode()) <= LONGEST_ARGUMENT


def _method(step: Step) -> list[str]:
    """Return what makes curl send the method; told only its name, it waits for what an answer to HEAD does not have."""
    return ["--head"] if step.method == "HEAD" and not body_of(step) else ["-X", step.method]


def _address_options(path: str) -> list[str]:
    """Return what keeps curl from reading a path as a pattern, and from tidying it up."""
    globs = ["--globoff"] if set("[]{}") & set(path) else []
    return [*globs, "--path-as-is"] if "/." in path else globs


def _headers(step: Step) -> list[str]:
    """Return the headers as options; curl sends one without a value where a semicolon stands for the colon."""
    lines = [f"{name}: {value}" if value else f"{name};" for name, value in step.headers.items()]
    if body_of(step) and "content-type" not in {name.lower() for name in step.headers}:
        lines.append("Content-Type:")  # else curl says that it is a form
    return [word for line in lines for word in ("-H", line)]


def har_entry(base_url: str, step: Step, answer: Answer | None, started: str) -> dict[str, Any]:
    """Return a step and its answer as an entry of a HAR 1.2 file; status 0 where nothing answered.

    `_identity` says as whom it was sent, null for nobody.
    """
    body = step.body if step.body is not None else step.body_base64
    request: dict[str, Any] = {
        "method": step.method,
        "url": origin(base_url) + step.path,
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
            **_har_text(answer),
        },
        "redirectURL": answer.headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(answer.body),
    }


def _har_text(answer: Answer) -> dict[str, str]:
    """Return a body as text where it is some, and may have been cut within a character; else in base64."""
    if any(word in answer.headers.get("content-type", "") for word in _TEXTUAL):
        return {"text": answer.body.decode(errors="replace")}
    try:
        return {"text": answer.body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(answer.body).decode(), "encoding": "base64"}
