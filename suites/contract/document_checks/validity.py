"""Whether a document is what the OpenAPI Specification allows. Nothing outside it is read."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.openapi_document import Node, value_at

MOST_REFERENCES = 50  # in a row
LONGEST_SHOWN = 300
_STUMBLES = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
_DATA = {"example", "examples", "default", "enum", "const"}  # what stands there is no part of the description


def problems(document: Node) -> tuple[str, ...]:
    """Return what is wrong with a document, a line for each thing; references first.

    While a reference leads nowhere the rest is not looked at; one that leads outside would be fetched by the library.
    """
    if dangling := tuple(dict.fromkeys(_dangling(document, document, "#"))):
        return dangling
    validators, version = _validators(), str(document["openapi"])
    validator = validators.get(version[:3])
    if validator is None:
        return (f"openapi: {version} is no version that is known: {', '.join(validators)}",)
    return tuple(dict.fromkeys(_lines(validator(_without_extensions(document)))))


def _lines(validator: Any) -> Iterator[str]:
    """Yield what a validator says; it stumbles over some of what it has just called wrong."""
    errors, found = validator.iter_errors(), False
    while True:
        try:
            error = next(errors)
        except StopIteration:
            return
        except RecursionError:
            yield "it is nested too deeply to be looked through"
            return
        except _STUMBLES as stumble:
            if not found:
                yield f"it cannot be looked through: {type(stumble).__name__}: {stumble}"
            return
        found = True
        yield _line(error)


def _without_extensions(document: Node) -> Node:
    """Return a document without the extensions beside its paths, which may be anything, and are read as paths."""
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        return document
    return {**document, "paths": {name: item for name, item in paths.items() if not name.startswith("x-")}}


def _validators() -> dict[str, Any]:
    """Return the validator of each version of the specification; importing them takes longer than all else here."""
    import openapi_spec_validator as validator  # noqa: PLC0415 - late: a run starts without it

    return {
        "3.0": validator.OpenAPIV30SpecValidator,
        "3.1": validator.OpenAPIV31SpecValidator,
        "3.2": validator.OpenAPIV32SpecValidator,
    }


def _dangling(node: Any, document: Node, place: str) -> Iterator[str]:
    if isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _dangling(inner, document, f"{place}/{number}")
    elif isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str) and (problem := _problem(reference, document)):
            yield f"{place}: {problem}"
        for name, inner in node.items():
            if name not in _DATA or place.endswith("/properties"):
                step = str(name).replace("~", "~0").replace("/", "~1")
                yield from _dangling(inner, document, f"{place}/{step}")


def _problem(reference: str, document: Node) -> str | None:
    first = reference
    for _ in range(MOST_REFERENCES):
        if reference.startswith("#") and not reference.startswith("#/"):
            return None  # an anchor, which only JSON Schema can find
        try:
            found = value_at(document, reference)
        except LookupError as error:
            return str(error.args[0])
        if not isinstance(found, Mapping) or not isinstance(found.get("$ref"), str):
            return None
        reference = found["$ref"]
    return f"$ref {first!r} leads round in a circle"


def _line(error: Exception) -> str:
    place = "/".join(["#", *(str(step).replace("~", "~0").replace("/", "~1") for step in getattr(error, "path", ()))])
    said = str(getattr(error, "message", error)).strip().splitlines()
    return f"{place}: {(said or [type(error).__name__])[0][:LONGEST_SHOWN]}"
