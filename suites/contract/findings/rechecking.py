"""What Schemathesis says of another answer: whether one of its checks fails again, for the same cause."""

from collections.abc import Mapping
from typing import Any

import requests
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure
from schemathesis.errors import FailureGroup, SchemathesisError

from harness.contract_findings import Step
from suites.contract.findings.causes import Cause, message_of
from suites.contract.findings.exchange import Answer, body_of
from suites.contract.findings.paths import names_in
from suites.contract.fuzzing import strict_answers  # noqa: F401 - registers its check

OF_ANSWERS = frozenset(
    {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "undocumented_field",
    }
)
"""Checks that look at an answer, and what was sent for it: they can be asked again. Others ask how a case was made."""


class Recheck:
    """Asks the checks of one document again."""

    def __init__(self, document: Mapping[str, Any], base_url: str) -> None:
        self._base_url = base_url
        self._schema = schemathesis.openapi.from_dict(dict(document))

    def fails(self, cause: Cause, asked: Step, answer: Answer) -> bool:
        """Whether the cause's check fails on an answer with the cause's message; false where it cannot be asked."""
        method, path = cause.operation.split(" ", 1)
        try:
            # Some value: these checks do not look at the case, but one without it cannot be written down.
            case = self._schema[path][method].Case(path_parameters=dict.fromkeys(names_in(path), "0"))
            case.validate_response(_response(asked, answer), checks=CHECKS.get_by_names([cause.check]))
        except FailureGroup as group:
            return any(self._message(cause, one, answer) == cause.message for one in group.exceptions)
        except (SchemathesisError, LookupError):
            return False
        return False

    def _message(self, cause: Cause, failure: Failure, answer: Answer) -> str:
        return message_of(cause.check, (failure.title, failure.message), self._base_url, answer)


def _response(asked: Step, answer: Answer) -> schemathesis.Response:
    return schemathesis.Response(
        status_code=answer.status,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.body,
        request=requests.Request(asked.method, f"http://target{asked.path}", data=body_of(asked)).prepare(),
        elapsed=0.0,
        verify=False,
    )
