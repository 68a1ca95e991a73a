"""What of the document a request breaks: so that a smaller request breaks the same, and a valid one stays valid."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED
from suites.contract.reach.goals import Operation, operations
from suites.contract.reach.schemas import Schemas, readings

Violation = tuple[str, ...]
"""Where (`body`, `query`, `header`), what, and why; positions in lists are `*`."""


class Violations:
    """Compares requests with one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = Schemas(document)
        self._operations = {operation.name: operation for operation in operations(self._schemas)}

    def of(self, step: Step, operation: str) -> frozenset[Violation]:
        """Return all that is wrong with the query, the headers and the body of a request, but not with its path."""
        documented = self._operations.get(operation)
        if documented is None:
            return frozenset()
        query = parse_qsl(urlsplit(step.path).query, keep_blank_values=True)
        headers = [(name.lower(), value) for name, value in step.headers.items()]
        return frozenset(
            (
                *self._in_parameters(documented, "query", query),
                *self._in_parameters(documented, "header", headers),
                *self._in_body(documented, step),
            )
        )

    def _in_parameters(self, operation: Operation, place: str, sent: list[tuple[str, str]]) -> Iterator[Violation]:
        texts: dict[str, list[str]] = {}
        for name, value in sent:
            texts.setdefault(name, []).append(value)
        declared = [one for one in operation.parameters if one["in"] == place]
        for parameter in declared:
            name = str(parameter["name"])
            found = tuple(texts.pop(name.lower() if place == "header" else name, ()))
            if not found and parameter.get("required"):
                yield place, name, "missing"
            valid = self._schemas.validity(parameter.get("schema", True))
            hidden = any(FILTERED in text for text in found)
            if found and not hidden and valid and not any(valid(one) for one in readings(found)):
                yield place, name, "invalid"
        if place == "query":  # headers that nobody declared are everybody's
            yield from ((place, name, "undeclared") for name in texts)

    def _in_body(self, operation: Operation, step: Step) -> Iterator[Violation]:
        described = self._schemas.resolve(operation.node.get("requestBody"))
        if step.body is None:
            if step.body_base64 is not None:
                yield "body", step.body_base64, "no text"
            elif described.get("required"):
                yield "body", "", "missing"
            return
        content = described.get("content") or {}
        media = next((content[kind] for kind in content if "json" in str(kind)), None)
        if media is None:
            return
        try:
            value = json.loads(step.body)
        except (ValueError, RecursionError):
            yield "body", step.body, "no JSON"
            return
        errors = self._schemas.errors(self._schemas.resolve(media).get("schema", True))
        yield from (("body", *error) for error in errors(value)) if errors else ()
