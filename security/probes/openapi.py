"""The operations of an OpenAPI 3 document, each with one plausible request.

Only what probes need; `suites/contract` does the schemas justice.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import yaml

from harness.openapi_document import prefix_of
from harness.target import Target
from security.evidence import CheckIncomplete
from security.probes.exchange import Request, send

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DEPTH = 8
_ABSENT_UUID = "00000000-0000-4000-8000-000000000000"
_ABSENT_NUMBER = 2_147_483_647


class Operation(msgspec.Struct, frozen=True):
    """An operation as documented: `secured` when it declares a security requirement that is not optional.

    `request` is plausible and names nothing that is likely to exist, so that one that gets through harms little.
    """

    method: str
    path: str
    secured: bool
    has_parameters: bool
    request: Request

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_operations(target: Target, base_url: str, timeout_s: float) -> list[Operation]:
    """Return the operations of the target's document, in its order.

    Raises:
        CheckIncomplete: there is no document, or it cannot be had or understood.

    """
    if target.settings.openapi is None:
        raise CheckIncomplete("target.toml has no [openapi]: the operations are not known")
    try:
        document = yaml.safe_load(_text(target, base_url, timeout_s))  # YAML reads JSON too
        return list(_Document(document).operations())
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())
        raise CheckIncomplete(f"the OpenAPI document is not understood: {type(error).__name__}: {said}") from error


def _text(target: Target, base_url: str, timeout_s: float) -> str:
    openapi = target.settings.openapi
    if openapi is not None and openapi.file is not None:
        return target.resolve(openapi.file).read_text(encoding="utf-8")
    request = Request("GET", (openapi.path if openapi else None) or "/")
    answer = send(base_url, request, timeout_s)
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise CheckIncomplete(f"{request}: answered {answer.status} where the OpenAPI document should be")
    return answer.body.decode()


class _Document:
    """An OpenAPI document with its local references."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._prefix = prefix_of(document)

    def operations(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            shared = item.get("parameters", [])
            for method in _METHODS:
                if method in item:
                    yield self._operation(method.upper(), path, item[method], shared)

    def _operation(self, method: str, path: str, entry: Mapping[str, Any], shared: list[Any]) -> Operation:
        parameters = [self._resolve(parameter) for parameter in (*shared, *entry.get("parameters", []))]
        needed = [parameter for parameter in parameters if parameter["in"] == "path" or parameter.get("required")]
        values = {(one["in"], one["name"]): self._parameter_value(one) for one in needed}
        filled = path
        for (place, name), value in values.items():
            filled = filled.replace(f"{{{name}}}", quote(value, safe="")) if place == "path" else filled
        query = urlencode({name: value for (place, name), value in values.items() if place == "query"})
        headers, body = self._body(entry)
        request = Request(method, self._prefix + filled + (f"?{query}" if query else ""), headers, body)
        return Operation(method, path, self._is_secured(entry), bool(values), request)

    def _is_secured(self, entry: Mapping[str, Any]) -> bool:
        """Whether every alternative asks for something: `{}` among them makes security optional."""
        alternatives = entry.get("security", self._document.get("security", []))
        return bool(alternatives) and all(alternatives)

    def _parameter_value(self, parameter: Mapping[str, Any]) -> str:
        if "example" in parameter:
            return str(parameter["example"])
        return str(self._example(parameter.get("schema", {})))

    def _body(self, entry: Mapping[str, Any]) -> tuple[dict[str, str], bytes | None]:
        content = self._resolve(entry.get("requestBody", {})).get("content", {})
        for kind, media in content.items():
            if "json" in kind:
                value = media["example"] if "example" in media else self._example(media.get("schema", {}))
                return {"Content-Type": kind}, msgspec.json.encode(value)
        return {}, None

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow local references (`#/components/…`); any other is a LookupError."""
        while "$ref" in node:
            first, *steps = node["$ref"].split("/")
            if first != "#":
                raise LookupError(f"reference {node['$ref']!r} leads outside the document")
            node = self._document
            for step in steps:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def _example(self, schema: Mapping[str, Any] | bool, depth: int = 0) -> Any:  # noqa: FBT001 - a schema may be a boolean
        """Return a value that the schema probably accepts; required properties only."""
        if isinstance(schema, bool) or depth > _DEPTH:
            return None
        schema = self._resolve(schema)
        if given := _given(schema):
            return given[0]
        for combined in ("allOf", "oneOf", "anyOf"):
            if schema.get(combined):
                return self._example(schema[combined][0], depth + 1)
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self._example(properties.get(name, {}), depth + 1) for name in schema.get("required", ())}
        if kind == "array":
            return [self._example(schema.get("items", {}), depth + 1)] * schema.get("minItems", 0)
        return _scalar(kind, schema)


def _given(schema: Mapping[str, Any]) -> list[Any]:
    """Return what the schema itself offers as a value."""
    offered = [schema[key] for key in ("const", "example", "default") if key in schema]
    return [*offered, *(schema.get("examples") or ()), *(schema.get("enum") or ())]


def _scalar(kind: str, schema: Mapping[str, Any]) -> Any:
    if kind in {"integer", "number"}:
        return min(schema.get("maximum", _ABSENT_NUMBER), _ABSENT_NUMBER)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    by_format = {
        "uuid": _ABSENT_UUID,
        "date-time": "2024-01-01T00:00:00Z",
        "date": "2024-01-01",
        "email": "a@b.invalid",
    }
    text: str = by_format.get(schema.get("format", ""), "proving-ground")
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
