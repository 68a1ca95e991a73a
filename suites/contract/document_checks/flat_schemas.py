"""A schema as a list of plain alternatives: references followed, compositions and lists of types multiplied out."""

from collections.abc import Mapping
from typing import Any

from harness.openapi_document import Node, value_at

MOST_REFERENCES = 50  # in a row
MOST_ALTERNATIVES = 64
DEEPEST = 20
_COMPOSED = ("allOf", "anyOf", "oneOf")


def resolved(document: Node, node: Any) -> Node:
    """Follow references; what cannot be followed, or is no object, is an empty one: anything goes."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(node, Mapping) or "$ref" not in node:
            break
        try:
            target = value_at(document, str(node["$ref"]))
        except LookupError:
            return {}
        beside = {key: value for key, value in node.items() if key not in {"$ref", "description", "default", "title"}}
        node = {**target, **beside} if beside and isinstance(target, Mapping) else target
    return node if isinstance(node, Mapping) and "$ref" not in node else {}


def alternatives(document: Node, schema: Any, depth: int = 0) -> list[Node]:
    """Return the alternatives of a schema, each with one `type` or none; what is true is one that allows everything."""
    if schema is False:
        return []
    found = _with_bounds(resolved(document, schema))
    whole: list[Node] = [{key: value for key, value in found.items() if key not in _COMPOSED}]
    if depth < DEEPEST:
        for part in _listed(found, "allOf"):
            whole = _both(whole, alternatives(document, part, depth + 1))
        for word in ("anyOf", "oneOf"):
            if parts := _listed(found, word):
                whole = _both(whole, [one for part in parts for one in alternatives(document, part, depth + 1)])
    return [one for several in whole for one in _by_type(several)][:MOST_ALTERNATIVES]


def _with_bounds(schema: Node) -> Node:
    """Return a schema whose bounds are numbers, where OpenAPI 3.0 says with a truth value that one is exclusive."""
    found = dict(schema)
    for word, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and word in found:
            found[exclusive] = found.pop(word)
    return found


def _both(first: list[Node], second: list[Node]) -> list[Node]:
    return [_merged(one, other) for one in first for other in second][:MOST_ALTERNATIVES]


def _merged(one: Node, other: Node) -> Node:
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *other["required"]]
    return merged


def _by_type(schema: Node) -> list[Node]:
    kinds = schema.get("type", _implied_type(schema))
    listed = list(kinds) if isinstance(kinds, list) else [kinds]
    if schema.get("nullable") is True and "null" not in listed:
        listed.append("null")
    if len(listed) == 1:
        return [{**schema, "type": listed[0]}]
    # An enum that allows null says so beside the other values: each alternative keeps its own.
    return [_of_type(schema, kind) for kind in listed]


def _of_type(schema: Node, kind: Any) -> Node:
    if kind == "null":
        return {"type": "null"}
    enum = [one for one in _listed(schema, "enum") if one is not None]
    return {**schema, "type": kind, **({"enum": enum} if "enum" in schema else {})}


def _implied_type(schema: Node) -> str | None:
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema:
        return "array"
    values = _listed(schema, "enum") or ([schema["const"]] if "const" in schema else [])
    return "string" if values and all(isinstance(value, str) for value in values) else None


def _listed(node: Node, key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []
