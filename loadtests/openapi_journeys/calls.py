"""The requests of an operation: its parameters and its body, from what the document offers or what is made for it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from harness.openapi_document import Node
from loadtests.made_journeys import Call
from loadtests.openapi_journeys.document import Document, Operation, UnusableError, mapping
from loadtests.openapi_journeys.values import Values

VARIANTS = 4
FORM = "application/x-www-form-urlencoded"
NOT_PARAMETERS = {"accept", "content-type", "authorization"}  # OpenAPI says to ignore header parameters of these names


class Calls:
    """Makes calls for the operations of one document."""

    def __init__(self, document: Document, values: Values) -> None:
        self._document = document
        self._values = values

    def of(self, operation: Operation, paths: Iterable[Mapping[str, str]]) -> list[Call]:
        """Return different calls, at least one for each of `paths`: the values of the path's parameters.

        Raises:
            UnusableError: a value that is needed cannot be had.

        """
        self._refuse_what_nobody_calls(operation)
        queries, headers, bodies = self._queries(operation), self._headers(operation), self._bodies(operation)
        filled = [self._document.prefix + fill(operation.template, path) for path in paths]
        calls = []
        for number in range(max(len(filled), len(queries), len(bodies))):
            query = queries[number % len(queries)]
            kind, body = bodies[number % len(bodies)]
            path = filled[number % len(filled)] + (f"?{query}" if query else "")
            with_kind = {**headers, "Content-Type": kind} if kind else headers
            calls.append(Call(method=operation.method, path=path, headers=with_kind, body=body))
        return calls

    def path_values(self, operation: Operation, name: str) -> list[str]:
        """Return what the document offers, or its schema takes, for a parameter of the path."""
        for parameter in operation.parameters:
            if (parameter["in"], parameter["name"]) == ("path", name):
                return [_text(value) for value in self._parameter_values(parameter)]
        raise UnusableError(f"the path has {{{name}}}, and no parameter describes it")

    def _refuse_what_nobody_calls(self, operation: Operation) -> None:
        for answer in _answers(self._document, operation):
            if "text/event-stream" in answer.get("content", {}):
                raise UnusableError("its answer is an event stream, which has no end to wait for")
        for parameter in operation.parameters:
            if parameter["in"] == "cookie" and parameter.get("required"):
                raise UnusableError(f"it needs the cookie {parameter['name']}")

    def _queries(self, operation: Operation) -> list[str]:
        """Return query strings: what is required alone, then with each optional parameter that offers a value."""
        required: list[tuple[str, str]] = []
        optional: list[list[tuple[str, str]]] = []
        for parameter in operation.parameters:
            if parameter["in"] != "query":
                continue
            if parameter.get("required"):
                required += _pairs(parameter, self._parameter_values(parameter)[0])
            elif offered := self._offered(parameter):
                optional += [_pairs(parameter, value) for value in offered]
        return [urlencode([*required, *more]) for more in ([], *optional[: VARIANTS - 1])]

    def _headers(self, operation: Operation) -> dict[str, str]:
        return {
            parameter["name"]: _text(self._parameter_values(parameter)[0])
            for parameter in operation.parameters
            if parameter["in"] == "header"
            and parameter.get("required")
            and str(parameter["name"]).lower() not in NOT_PARAMETERS
        }

    def _bodies(self, operation: Operation) -> list[tuple[str, str | None]]:
        """Return pairs of content type and body; of empty ones where there is no body."""
        described = operation.node.get("requestBody")
        if described is None:
            return [("", None)]
        content = mapping(self._document.resolve(described).get("content"))
        for kind, media in content.items():
            if "json" in kind or kind in {FORM, "text/plain"}:
                return [(kind, _encoded(kind, value)) for value in self._media_values(self._document.resolve(media))]
        raise UnusableError(f"its body is {' or '.join(map(str, content)) or 'of no kind'}, which is not made here")

    def _media_values(self, media: Node) -> list[Any]:
        return self._examples(media) or self._values.valid(media.get("schema", True), VARIANTS)

    def _parameter_values(self, parameter: Node) -> list[Any]:
        return self._offered(parameter) or self._values.valid(self._schema_of(parameter), VARIANTS)

    def _offered(self, parameter: Node) -> list[Any]:
        return self._examples(parameter) or self._values.offered(self._schema_of(parameter))

    def _schema_of(self, parameter: Node) -> Any:
        if "schema" in parameter:
            return parameter["schema"]
        media: Any = next(iter(mapping(parameter.get("content")).values()), {})
        return self._document.resolve(media).get("schema", True)

    def _examples(self, node: Node) -> list[Any]:
        """Return `example`, or the values of `examples`, of a parameter or a body."""
        if "example" in node:
            return [node["example"]]
        named = map(self._document.resolve, mapping(node.get("examples")).values())
        return [example["value"] for example in named if "value" in example]


def fill(template: str, path: Mapping[str, str]) -> str:
    """Return a template with the values of its parameters."""
    for name, value in path.items():
        template = template.replace(f"{{{name}}}", quote(value, safe="{}"))
    return template


def _answers(document: Document, operation: Operation) -> Iterator[Node]:
    for answer in mapping(operation.node.get("responses")).values():
        yield document.resolve(answer)


def _pairs(parameter: Node, value: Any) -> list[tuple[str, str]]:
    """Return a query parameter as it is sent: `form` style, whose lists repeat the name unless `explode` is false."""
    name = str(parameter["name"])
    if isinstance(value, list):
        texts = [_text(one) for one in value]
        return [(name, text) for text in texts] if parameter.get("explode", True) else [(name, ",".join(texts))]
    if isinstance(value, Mapping) and "content" not in parameter:
        deep = parameter.get("style") == "deepObject"
        return [(f"{name}[{key}]" if deep else key, _text(one)) for key, one in value.items()]
    return [(name, _text(value))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)


def _encoded(kind: str, value: Any) -> str:
    if kind == FORM and isinstance(value, Mapping):
        return urlencode({name: _text(one) for name, one in value.items()})
    return _text(value) if kind in {FORM, "text/plain"} else json.dumps(value, default=str)
