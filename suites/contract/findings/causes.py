"""Failed checks become causes: the same operation, check and message, whatever the numbers, ids and values in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from harness.asking import origin
from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer, answer_of, step_of_case

FAULTS = {
    "not_a_server_error": ("F100", "HTTP status 500"),
    "status_code_conformance": ("F101", "answer does not match its schema"),
    "content_type_conformance": ("F101", "answer does not match its schema"),
    "response_headers_conformance": ("F101", "answer does not match its schema"),
    "response_schema_conformance": ("F101", "answer does not match its schema"),
    "allow_header_conformance": ("F101", "answer does not match its schema"),
    "undocumented_field": ("F101", "answer does not match its schema"),
    "negative_data_rejection": ("F102", "success for wrong data"),
    "missing_required_header": ("F102", "success for wrong data"),
    "use_after_free": ("F103", "resource still accessible after being deleted"),
    "deleted_is_gone": ("F103", "resource still accessible after being deleted"),
    "failed_creation_leaves_nothing": ("F104", "failed creation has side effects"),
    "object_level_authorization": ("F206", "resource of somebody else is accessible"),
    "hidden_is_unread": ("F206", "resource of somebody else is accessible"),
    "hidden_is_unchanged": ("F206", "resource of somebody else is accessible"),
    "ignored_auth": ("F207", "protected resource is accessible without authentication"),
    "unsupported_method": ("F210", "hidden accessible endpoint"),
    "positive_data_acceptance": ("F900", "valid data refused"),
    "ensure_resource_availability": ("F901", "created resource cannot be read"),
    "created_is_there": ("F901", "created resource cannot be read"),
    "second_writer_is_refused": ("F902", "lost update"),
    "key_has_one_effect": ("F903", "double effect of one idempotency key"),
    "answer_in_time": ("F904", "no answer in time"),
    "answer_ends": ("F905", "answer without end"),
    "answer_is_whole": ("F906", "connection ended without an answer"),
    "written_is_read": ("F907", "acknowledged write cannot be read"),
    "put_may_be_repeated": ("F908", "PUT is not idempotent"),
    "pages_add_up": ("F909", "pages repeat or lose items"),
}
"""Each check's fault in the Web Fuzzing Commons' catalogue 0.7, which leaves 9xx to those who use it."""
SAME_FAULT = {"invalid_input_accepted": "negative_data_rejection"}
"""Checks of ours that find what one of Schemathesis's does, elsewhere."""
LAWS = (
    "deleted_is_gone",
    "second_writer_is_refused",
    "key_has_one_effect",
    "failed_creation_leaves_nothing",
    "created_is_there",
    "written_is_read",
    "put_may_be_repeated",
    "pages_add_up",
    "hidden_is_unread",
    "hidden_is_unchanged",
)
"""The checks of `suites/contract/laws`."""
OF_INPUT = frozenset({"negative_data_rejection", "missing_required_header"})
SERVER_ERROR = 500
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WORDS = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    # The name of a required field or header is the cause; other quoted text is what happened to be sent or answered.
    (re.compile(r"""(?P<quote>["'])(?:(?!(?P=quote)).)*(?P=quote)(?! is a required property| header,)"""), "<value>"),
    (re.compile(r"\b(?=[0-9a-z]*[0-9])[0-9a-z]{16,}\b", re.IGNORECASE), "<id>"),
    # A service that answers methods it has not in the wrong way does so for all of them.
    (re.compile(r"^(Wrong response to undeclared method\.(?: Unsupported method)?) [A-Z]+\b"), r"\1 <method>"),
    # The status of an answer is the cause, other numbers are values.
    (re.compile(r"(?<! returned )-?\b\d+(?:\.\d+)?\b"), "<number>"),
    # Which input is not checked is the cause; what would have been right, and in how many ways it is wrong, is not.
    (re.compile(r" ?Expected: .*?(?=Invalid component|$)"), " "),
    (re.compile(r"(Invalid component: .*?): [A-Z][^:]*$"), r"\1"),
    (re.compile(r"(Invalid component: parameters? .*? in [a-z]+) - .*$"), r"\1"),
)
_IN_BODY, _MISSING = "Invalid component: in body", "Invalid component: Missing required property"
_VIOLATION = re.compile(r"Invalid component: in body - violates `(?P<word>\w+)` at (?P<place>\S+)")
_CREDENTIALS = re.compile(r"""[`"']Authorization[`"']""", re.IGNORECASE)

_PLACES = (re.compile(r"for status code (\d+)\."), re.compile(r"^Schema at (\S+):$", re.MULTILINE))
"""Where a message says which answer broke which part of its schema."""


class Sighting(msgspec.Struct, frozen=True):
    """One failed check: the request that it failed on and all that were sent before it in the same scenario.

    `chain` are the requests that this one was made from, in their order, and itself.
    """

    steps: tuple[Step, ...]
    answers: tuple[Answer | None, ...]
    chain: tuple[int, ...]

    @property
    def weight(self) -> tuple[int, int]:
        """How much there is to read: fewer requests first, shorter ones then."""
        last = self.steps[-1]
        return len(self.chain), len(last.path) + len(last.body or last.body_base64 or "")


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why promises were broken: one cause, `seen` times, with its lightest sighting."""

    operation: str
    check: str
    message: str
    phase: str
    seen: int
    sighting: Sighting

    @property
    def fault(self) -> tuple[str, str]:
        """The fault's code and its name."""
        if self.check == "ignored_auth" and self.operation.split(" ")[0] in CHANGING:
            return ("F208", "anonymous modifications")
        return FAULTS.get(self.check, ("F999", "a check of the target's own"))


def normalised(message: str) -> str:
    """Return a message without what differs from one case to the next: its first paragraph, values replaced."""
    text = " ".join(message.strip().split("\n\n")[0].split())
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    return text


def message_of(check: str, failure: tuple[str, str | None], asked: str, answer: Answer | None) -> str:
    """Return what a failed check says of the answer to a request for `asked`, without what differs between cases.

    `failure` is its title and its message. Of a status that nobody documented it is which one, and where it leads.
    """
    title, message = failure
    if check != "status_code_conformance" or answer is None:
        places = [found[1] for place in _PLACES if (found := place.search(message or ""))]
        return " at ".join([normalised(f"{title}. {message or ''}".rstrip(". ")), *places])
    received = f"{title}. Received: {answer.status}"
    if "location" not in answer.headers:
        return received
    there = urljoin(asked, answer.headers["location"])
    leads_to = normalised(urlsplit(there).path) if origin(there) == origin(asked) else origin(there)
    return f"{received}, which leads to {leads_to}"


def causes_of(scenarios: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Cause, ...]:
    """Return the causes of all failed checks of a run; scenarios are (phase, recording)."""
    found: dict[tuple[str, str, str], Cause] = {}
    for phase, recorder in scenarios:
        for case_id, checks in recorder.get("checks", {}).items():
            for check in checks:
                if check["status"] == "failure":
                    _add(found, phase, recorder, case_id, check)
    failed = {(operation, check) for operation, check, _ in found}
    inputs = {(operation, message) for operation, check, message in found if check == "negative_data_rejection"}
    echoes = {(operation, message) for operation, message in inputs if _is_in_other_words(operation, message, inputs)}
    return tuple(
        found[key]
        for key in sorted(found)
        if not _is_said_already(found[key], failed) and (key[0], key[2]) not in echoes
    )


def _is_in_other_words(operation: str, message: str, inputs: set[tuple[str, str]]) -> bool:
    """Whether what is accepted in a body is told more closely by another finding: by the name of a property."""
    others = [said for where, said in inputs if where == operation and said != message]
    if message.endswith(_IN_BODY):
        return any(_IN_BODY in said or _MISSING in said for said in others)
    if not (found := _VIOLATION.search(message)):
        return False
    place = found["place"].rsplit("/", 1)[-1]
    return any(
        said.endswith(f"{_IN_BODY} - {place}") or (found["word"] == "required" and _MISSING in said) for said in others
    )


def _is_said_already(cause: Cause, failed: set[tuple[str, str]]) -> bool:
    """Whether it is an echo: nobody documented a server error, or credentials are an input that may be missing."""
    answer = cause.sighting.answers[-1]
    if cause.check == "status_code_conformance" and answer is not None and answer.status >= SERVER_ERROR:
        return (cause.operation, "not_a_server_error") in failed
    if cause.check in OF_INPUT and _CREDENTIALS.search(cause.message):
        return (cause.operation, "ignored_auth") in failed
    return False


def _add(
    found: dict[tuple[str, str, str], Cause],
    phase: str,
    recorder: Mapping[str, Any],
    case_id: str,
    check: Mapping[str, Any],
) -> None:
    failure = check["failure_info"]["failure"]
    operation = failure.get("operation") or operation_of(recorder["cases"][case_id])
    sent = failure.get("case_id") or case_id
    deletion = operation if check["name"] == "use_after_free" else None
    sighting = _sighting(recorder, sent, deletion)
    if sighting is None:
        return
    said, asked = (failure["title"], failure.get("message")), recorder["interactions"][sent]["request"]["uri"]
    name = SAME_FAULT.get(check["name"], check["name"])
    message = message_of(name, said, asked, sighting.answers[-1])
    key = (operation, name, message)
    known = found.get(key)
    lighter = known is None or sighting.weight < known.sighting.weight
    found[key] = Cause(
        operation=operation,
        check=name,
        message=message,
        phase=phase if lighter or known is None else known.phase,
        seen=1 + (known.seen if known else 0),
        sighting=sighting if lighter or known is None else known.sighting,
    )


def operation_of(case: Mapping[str, Any]) -> str:
    """Return the operation of a recorded case, as `METHOD /path`."""
    return f"{case['value']['method']} {case['value']['path']}"


def _sighting(recorder: Mapping[str, Any], case_id: str, deletion: str | None = None) -> Sighting | None:
    """Return what was sent up to a case; None for a case that was never sent.

    Its chain holds the last call of the operation `deletion` before it, with what that was made from.
    """
    sent = [key for key in recorder["cases"] if (recorder["interactions"].get(key) or {}).get("request")]
    if case_id not in sent:
        return None
    sent = sent[: sent.index(case_id) + 1]
    interactions = [recorder["interactions"][key] for key in sent]
    deleting = [key for key in sent if operation_of(recorder["cases"][key]) == deletion][-1:]
    chain = {ancestor for key in (*deleting, case_id) for ancestor in line_of(recorder, key)}
    return Sighting(
        steps=tuple(
            step_of_case(recorder["cases"][key]["value"], interaction["request"])
            for key, interaction in zip(sent, interactions, strict=True)
        ),
        answers=tuple(
            answer_of(interaction["response"]) if interaction.get("response") else None for interaction in interactions
        ),
        chain=tuple(position for position, key in enumerate(sent) if key in chain),
    )


def line_of(recorder: Mapping[str, Any], case_id: str) -> list[str]:
    """Return the cases that a case was made from, the first one first, and itself."""
    line: list[str] = []
    while case_id and case_id in recorder["cases"] and case_id not in line:
        line.insert(0, case_id)
        case_id = recorder["cases"][case_id].get("parent_id") or ""
    return line
