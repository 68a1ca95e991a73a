"""Answers as evidence may tell them: what a service hands out to log in with is nobody else's business.

Requests need none of this: Schemathesis has filtered what it recorded, and headers that carry an identity are taken
out by `Caller.told`.
"""

import json
import re
from typing import Any

from suites.contract.findings.exchange import FILTERED, Answer

_HEADERS = frozenset({"set-cookie", "authorization", "authentication-info"})
_NAMES = re.compile(r"token|secret|passw|credential|api.?key", re.IGNORECASE)
"""Of headers, and of fields whose texts are secrets."""
_SECRET = rb"[\w:.-]{0,40}(?:%s)[\w:.-]{0,40}" % _NAMES.pattern.encode()  # bounded: answers may be a megabyte
_ELEMENT = re.compile(rb"(?P<before><%s(?:\s[^<>]*)?>)[^<]+" % _SECRET, re.IGNORECASE)
_PAIR = re.compile(rb"(?P<before>%s=[\"']?)[^&\s\"'<>]+" % _SECRET, re.IGNORECASE)
_FIELD = re.compile(rb'(?P<before>"%s"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?)' % _SECRET, re.IGNORECASE)
_FILTERED = rb"\g<before>" + FILTERED.encode()


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
        value = _redacted_value(json.loads(body))
        # Half of a surrogate pair is no text, and is written as JSON has it: escaped.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    except (ValueError, RecursionError):  # XML, a form, or JSON that is cut off, one of several, or too deep
        body = _FIELD.sub(rb'\g<before>"%s"' % FILTERED.encode(), body)
        return _ELEMENT.sub(_FILTERED, _PAIR.sub(_FILTERED, body))


def _redacted_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _redacted_field(name, inner) for name, inner in value.items()}
    return [_redacted_value(inner) for inner in value] if isinstance(value, list) else value


def _redacted_field(name: str, value: Any) -> Any:
    if not _NAMES.search(name):
        return _redacted_value(value)
    if isinstance(value, list):
        return [_redacted_field(name, inner) for inner in value]
    return FILTERED if isinstance(value, str) else _redacted_value(value)
