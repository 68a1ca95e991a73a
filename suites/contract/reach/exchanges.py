"""What was sent and what came back, as far as reach is concerned; from the recordings of Schemathesis."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

FILTERED = "[Filtered]"

Sent = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Location (`query`, `path`, `header`, `cookie`), name (that of a header in lower case), texts as they were sent."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was answered.

    `parameters`: by location. `body`: what JSON says, a text where it is none, UNSET without a body. `at`: when it was
    answered, in seconds since 1970.
    """

    operation: str
    parameters: Sent
    status: int
    body: Any = msgspec.UNSET
    at: float = 0.0


def exchanges_of(recorders: Iterable[Mapping[str, Any]]) -> Iterator[Exchange]:
    """Yield every answered case of some scenarios (`recorder` in Schemathesis' NDJSON events)."""
    for recorder in recorders:
        for case_id, case in recorder.get("cases", {}).items():
            interaction = recorder["interactions"].get(case_id) or {}
            if interaction.get("response"):
                yield _exchange(case["value"], interaction)


def _exchange(case: Mapping[str, Any], interaction: Mapping[str, Any]) -> Exchange:
    request = interaction["request"]
    query = parse_qs(urlsplit(request["uri"]).query, keep_blank_values=True)
    return Exchange(
        operation=f"{case['method']} {case['path']}",
        parameters={
            "path": {name: (str(value),) for name, value in (case.get("path_parameters") or {}).items()},
            "query": {name: tuple(texts) for name, texts in query.items()},
            "header": _headers(case, request),
            "cookie": {name: (str(value),) for name, value in (case.get("cookies") or {}).items()},
        },
        status=interaction["response"]["status_code"],
        body=_body(request.get("body")),
        at=interaction.get("timestamp", 0.0),
    )


def _headers(case: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the headers as sent; what Schemathesis hides is taken from what it had generated, where it says so."""
    generated = ((case.get("meta") or {}).get("raw_containers") or {}).get("header") or {}
    known = {name.lower(): (str(value),) for name, value in generated.items()}
    sent = {name.lower(): tuple(values) for name, values in request["headers"].items()}
    return {name: known.get(name, values) if FILTERED in values else values for name, values in sent.items()}


def _body(body: Mapping[str, Any] | None) -> Any:
    content = base64.b64decode((body or {}).get("$base64") or b"")
    if not content:
        return msgspec.UNSET
    text = content.decode(errors="replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
