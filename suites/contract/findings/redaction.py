"""Answers as evidence may tell them: what a service hands out to log in with is nobody else's business.

Requests need none of this: Schemathesis has filtered what it recorded, and headers that carry an identity are taken
out by `Caller.told`.
"""

import json
import re
from typing import Any

import msgspec

from suites.contract.findings.exchange import FILTERED, Answer

_HEADERS = frozenset({"set-cookie", "authorization", "authentication-info"})
_NAMES = re.compile(r"token|secret|passw|credential|api.?key", re.IGNORECASE)
"""Of headers, and of fields whose texts are secrets."""


def redacted(answer: Answer | None) -> Answer | None:
    """Return an answer without the secrets in its headers and in the fields of its JSON."""
    if answer is None:
        return None
    headers = {
        name: FILTERED if name.lower() in _HEADERS or _NAMES.search(name) else value
        for name, value in answer.headers.items()
    }
    return Answer(answer.status, headers, _redacted_body(answer.body))


def _redacted_body(body: bytes) -> bytes:
    """Return a body with its secret fields filtered; one that has none stays as it is, to the byte."""
    if not _NAMES.search(body.decode(errors="replace")):
        return body
    try:
        return msgspec.json.encode(_redacted_value(json.loads(body)))
    except (ValueError, RecursionError):  # no JSON: it has no fields
        return body


def _redacted_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: FILTERED if isinstance(inner, str) and _NAMES.search(name) else _redacted_value(inner)
            for name, inner in value.items()
        }
    return [_redacted_value(inner) for inner in value] if isinstance(value, list) else value
