"""A check where Schemathesis has gaps: a parameter or a body that breaks its schema is accepted.

It looks at what was sent, whoever made it and for what purpose, and at values that can be read in one way only:
numbers, truth values, texts, and lists of them. Schemathesis's own check lets lists in a query pass, whatever is in
them. What both find is one finding.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.transport import expand_status_codes

from harness.openapi_document import Node
from suites.contract.reach.exchanges import FILTERED
from suites.contract.reach.goals import IGNORED_HEADERS, Operation, operations, schema_of
from suites.contract.reach.schemas import DEEPEST, Schemas, readings

IN_BODY = "in body"
Texts = Mapping[str, tuple[str, ...]]
_SIMPLE = frozenset({"integer", "number", "boolean"})
_READABLE = {place: _SIMPLE | {"string", "array"} for place in ("query", "header")}
"""Of a path or a cookie only what is no text: nobody knows what became of other characters on the way."""


def judge_inputs() -> None:
    """Put the check into the engine."""
    known: dict[int, Inputs] = {}  # by the identity of a document, of which a run has one

    @schemathesis.check
    def invalid_input_accepted(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Fail when a request with something in it that its schema refuses is answered with success."""
        config, document = ctx.config.negative_data_rejection, case.operation.schema.raw_schema
        expected = expand_status_codes(config.expected_statuses)
        if response.status_code // 100 != 2 or response.status_code in expected or not config.enabled:
            return
        inputs = known[id(document)] = known.get(id(document)) or Inputs(document)
        parameters = inputs.wrong(case.operation.label, _sent(response, case))
        bodies = inputs.wrong_body(case.operation.label, response.request.headers, response.request.body)
        for what in (*(f"parameter `{name}` in {place}" for place, name in parameters), *bodies):
            raise AcceptedNegativeData(
                operation=case.operation.label,
                message=f"Invalid data should have been rejected\nInvalid component: {what}",
                status_code=response.status_code,
                expected_statuses=config.expected_statuses,
            )


class Inputs:
    """What one document says of parameters."""

    def __init__(self, document: Node) -> None:
        self._schemas = Schemas(document)
        self._operations: dict[str, Operation] = {one.name: one for one in operations(self._schemas)}

    def wrong(self, operation: str, sent: Mapping[str, Texts]) -> Iterator[tuple[str, str]]:
        """Yield place and name of each parameter of which nothing that was sent can be read as valid."""
        documented = self._operations.get(operation)
        for parameter in documented.parameters if documented else ():
            place, name = str(parameter["in"]), str(parameter["name"])
            key = name.lower() if place == "header" else name
            texts = sent.get(place, {}).get(key, ())
            ignored = place == "header" and key in IGNORED_HEADERS
            if texts and not ignored and all(map(_is_plain, texts)) and self._refuses(parameter, place, texts):
                yield place, name

    def wrong_body(self, operation: str, headers: Mapping[str, Any], body: bytes | str | None) -> Iterator[str]:
        """Yield what is wrong with a body: its kind, where the document has 415 for others, or what JSON says in it."""
        documented = self._operations.get(operation)
        content = self._schemas.resolve(documented.node.get("requestBody")).get("content") if documented else None
        kind = str(headers.get("Content-Type", "")).split(";")[0].strip().lower()
        if not documented or not isinstance(content, Mapping) or not body or not kind:
            return
        if kind not in content:
            if "415" in documented.statuses and not any("*" in one for one in content):
                yield "in body - kind of the body"
        elif "json" in kind and self._refuses_json(self._schemas.resolve(content[kind]).get("schema"), body):
            yield IN_BODY

    def _refuses_json(self, schema: Any, body: bytes | str) -> bool:
        valid = self._schemas.laxity(schema)
        if valid is None or self._reads_more(schema):
            return False
        try:
            return not valid(json.loads(body))
        except (ValueError, RecursionError):
            return False

    def _reads_more(self, schema: Any, depth: int = 0) -> bool:
        """Whether some of it is only for answers: a request need not have that, whatever is required."""
        parts = list(self._schemas.alternatives(schema))
        inner = [*self._schemas.properties(schema).values(), *filter(None, [self._schemas.items(schema)])]
        return any(part.get("readOnly") for part in parts) or (
            depth < DEEPEST and any(self._reads_more(one, depth + 1) for one in inner)
        )

    def _refuses(self, parameter: Node, place: str, texts: tuple[str, ...]) -> bool:
        schema = schema_of(parameter)
        parts = list(self._schemas.alternatives(schema))
        kinds = {str(kind) for part in parts for kind in _list(part.get("type", []))}
        valid = self._schemas.validity(schema)
        # Of a format nobody knows how far a service takes it.
        if (
            valid is None
            or not kinds
            or not kinds <= _READABLE.get(place, _SIMPLE)
            or any("format" in one for one in parts)
        ):
            return False
        return not any(map(valid, readings(texts)))


def _sent(response: Response, case: Case[Any]) -> dict[str, Texts]:
    """Return what was sent, by place; what a path and cookies hold is what the case has for them."""
    query = parse_qs(urlsplit(str(response.request.url)).query, keep_blank_values=True)
    return {
        "query": {name: tuple(values) for name, values in query.items()},
        "header": {name.lower(): (str(value),) for name, value in response.request.headers.items()},
        "path": {name: (unquote(str(value)),) for name, value in (case.path_parameters or {}).items()},
        "cookie": {name: (str(value),) for name, value in (case.cookies or {}).items()},
    }


def _is_plain(text: str) -> bool:
    """Whether a text arrives as it is, and says something: an empty one may stand for none."""
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip() and text != FILTERED


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
