"""What of the document a request breaks: so that a smaller request breaks the same, and a valid one stays valid."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, body_of
from suites.contract.findings.paths import PathTemplates, Template
from suites.contract.reach.goals import Operation, operations
from suites.contract.reach.schemas import Schemas, readings

Violation = tuple[str, ...]
"""Where (`body`, `path`, `query`, `header`), what, and why; positions in lists are `*`."""
NO_JSON, NO_TEXT, NOT_JUDGED = "no JSON", "no text", "not judged"
_WHOLE_BODY = frozenset({NO_JSON, NO_TEXT, NOT_JUDGED})
"""Why a body breaks, or might break, the document as a whole: another such body may be wrong in another way."""


def whichever_body(violations: Iterable[Violation]) -> frozenset[Violation]:
    """Return violations where it does not matter which bytes were no JSON, or of a kind that cannot be judged."""
    return frozenset(("body", "", one[2]) if one[0] == "body" and one[2] in _WHOLE_BODY else one for one in violations)


class Violations:
    """Compares requests with one document, at one address."""

    def __init__(self, document: Mapping[str, Any], base_url: str = "") -> None:
        self._schemas = Schemas(document)
        self._operations = {operation.name: operation for operation in operations(self._schemas)}
        self._paths = PathTemplates(document, base_url)

    def of(self, step: Step, operation: str) -> frozenset[Violation]:
        """Return all that is wrong with the values in the path, the query, the headers and the body of a request."""
        documented = self._operations.get(operation)
        if documented is None:
            return frozenset()
        query = parse_qsl(urlsplit(step.path).query, keep_blank_values=True)
        headers = [(name.lower(), value) for name, value in step.headers.items()]
        return frozenset(
            (
                *self._in_path(documented, step),
                *self._in_parameters(documented, "query", query),
                *self._in_parameters(documented, "header", headers),
                *self._in_body(documented, step),
            )
        )

    def before_last(self, steps: Sequence[Step]) -> frozenset[Violation]:
        """Return what is wrong with any of some requests but the last, each by the operation that it is of."""
        found = [self.of(step, f"{step.method} {template.path}") for step, template in self._with_templates(steps[:-1])]
        return whichever_body(frozenset[Violation]().union(*found))

    def _with_templates(self, steps: Sequence[Step]) -> Iterator[tuple[Step, Template]]:
        for step in steps:
            if template := self._paths.of(step.path):
                yield step, template

    def _in_path(self, operation: Operation, step: Step) -> Iterator[Violation]:
        template = self._paths.of(step.path)
        if template is not None and template.path == operation.name.split(" ", 1)[1]:
            yield from self._in_parameters(operation, "path", [*self._paths.values(step.path).items()])

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
                yield place, name, "invalid" if any(found) else "empty"  # which may stand for none at all
        if place == "query":  # headers that nobody declared are everybody's
            yield from ((place, name, "undeclared") for name in texts)

    def _in_body(self, operation: Operation, step: Step) -> Iterator[Violation]:
        described, body = self._schemas.resolve(operation.node.get("requestBody")), body_of(step)
        if not body:
            yield from [("body", "", "missing")] if described.get("required") else ()
            return
        content = described.get("content")
        if not content or not isinstance(content, Mapping):
            return
        media, shown = _json_of(content, step), step.body or str(step.body_base64)
        if media is None:
            yield "body", shown, NOT_JUDGED
        elif step.body is None:
            yield "body", shown, NO_TEXT
        else:
            yield from self._in_json(media, step.body)

    def _in_json(self, media: Any, body: str) -> Iterator[Violation]:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            yield "body", body, NO_JSON
            return
        errors = self._schemas.errors(self._schemas.resolve(media).get("schema", True))
        yield from (("body", *error) for error in errors(value)) if errors else ()


def _json_of(content: Mapping[str, Any], step: Step) -> Any:
    """Return the description of the JSON that a body should be; None where it is of another documented kind."""
    sent = next((value for name, value in step.headers.items() if name.lower() == "content-type"), "")
    kind = sent.split(";")[0].strip().lower()
    if kind in content and "json" not in kind:
        return None
    return content.get(kind) or next((content[one] for one in content if "json" in str(one)), None)
