"""A check that Schemathesis lacks: an answer has no fields that the document does not name.

JSON Schema lets an object have more than its `properties`, so a field that leaks is valid. Where the document says
nothing of further fields (no `additionalProperties`, no `patternProperties`), this check takes it at its word.

A service that gives back whatever it was sent has one fault, whatever that was called: names that were made up for the
request, and that the document has nowhere, are all told as `<sent>`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext

JSON = "application/json"
SENT = "<sent>"
_OPEN = ("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")


@schemathesis.check
def undocumented_field(_ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Fail when a JSON answer has fields that its schema does not name."""
    document: dict[str, Any] = case.operation.schema.raw_schema
    schema = _schema_of(document, case, response)
    if schema is None or not response.content:
        return
    value = _parsed(response.content)
    if any(unknown_fields(document, schema, value)):
        made_up = _names_sent(response) - set(_names_in(document))
        unknown = sorted(set(unknown_fields(document, schema, value, made_up)))
        raise AssertionError(f"Undocumented fields in the answer: {', '.join(unknown)}")


def _parsed(content: bytes | str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # other checks say so, or nobody reads it
        return None


def _schema_of(document: dict[str, Any], case: Case[Any], response: Response) -> Any:
    responses = case.operation.definition.raw.get("responses", {})
    code = str(response.status_code)
    described = responses.get(code) or responses.get(f"{code[0]}XX") or responses.get("default")
    content = _resolved(document, described or {}).get("content")
    if not isinstance(content, Mapping):
        return None
    named = next(iter(response.headers.get("content-type", ())), "").split(";")[0].strip().lower()
    media = content.get(named if named.endswith("+json") else JSON)
    return media.get("schema") if isinstance(media, Mapping) else None


def _names_sent(response: Response) -> set[str]:
    """Return the names in the query and in the body of a request: of JSON, or of a form."""
    body = response.request.body or b""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    query = urlsplit(response.request.url or "").query
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(text, keep_blank_values=True)
    return {*_keys_in(_parsed(text)), *(name for name, _ in pairs)}


def _keys_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys_in(inner)


def _names_in(node: Any) -> Iterator[str]:
    """Yield the names of all properties that a document has anywhere."""
    if isinstance(node, dict):
        named = node.get("properties")
        yield from named if isinstance(named, dict) else ()
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _names_in(inner)


def unknown_fields(
    document: dict[str, Any], schema: Any, value: Any, made_up: Collection[str] = (), at: str = ""
) -> Iterator[str]:
    """Yield a pointer to each field that the schema does not name; list positions are `*`, names made up `<sent>`."""
    schema = _resolved(document, schema)
    if isinstance(value, list):
        for item in value:
            yield from unknown_fields(document, schema.get("items", {}), item, made_up, f"{at}/*")
    if not isinstance(value, dict):
        return
    parts = list(_parts(document, schema))
    if any(key in part for part in parts for key in _OPEN):
        return
    known: dict[str, Any] = {}
    for part in parts:
        known |= part.get("properties", {})
    if not known:
        return
    for name, inner in value.items():
        if name not in known:
            yield f"{at}/{SENT if name in made_up else name}"
        else:
            yield from unknown_fields(document, known[name], inner, made_up, f"{at}/{name}")


def _parts(document: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and everything that it is put together from."""
    yield schema
    for key in _ALTERNATIVES:
        for part in schema.get(key, ()):
            yield from _parts(document, _resolved(document, part))


def _resolved(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Follow references inside the document; others, and schemas that are true or false, say nothing of fields."""
    seen: set[str] = set()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        if reference in seen or not reference.startswith("#/"):
            return {}
        seen.add(reference)
        schema = document
        for step in reference[2:].split("/"):
            schema = schema.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(schema, dict) else {}
    return schema if isinstance(schema, dict) else {}
