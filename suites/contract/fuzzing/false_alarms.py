"""Failures of Schemathesis's own checks that say nothing of the target, whoever it is: the engine drops them."""

import json
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import MissingHeaderNotRejected, RejectedPositiveData, UseAfterFree

from suites.contract.reach.handed_out import not_to_be_guessed
from suites.contract.reach.schemas import Schemas

OF_MESSAGES = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say how a message is to be read and sent on: HTTP's own, and not the API's."""
REFUSED = frozenset({*range(400, 500), 501})
"""501 is the answer to a transfer coding that nobody knows (RFC 9112, 6.1)."""
PRECONDITION_FAILED = 412
PRECONDITION_REQUIRED = 428
"""The answer to a request without the version that it is about (RFC 6585, 3)."""
PRECONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
REFUSED_VALUE = frozenset({400, 404, 410, 422})


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Keep every failure, but those that say nothing of the target."""
    if isinstance(failure, UseAfterFree) and is_emptied_list(failure.operation, case, response.content):
        return False
    if isinstance(failure, MissingHeaderNotRejected) and response.status_code == PRECONDITION_REQUIRED:
        return False
    if isinstance(failure, RejectedPositiveData) and is_of_no_schema(case, response.status_code):
        return False
    return not is_refused_message(case, response.status_code)


def is_of_no_schema(case: Case[Any], status: int) -> bool:
    """Whether valid data was refused for what no schema can say.

    A version that nobody has (RFC 9110, 13.1), or a made-up value of what only the target's answers hand out.
    """
    if status == PRECONDITION_FAILED:
        return bool(PRECONDITIONS & {name.lower() for name in case.headers})
    if status not in REFUSED_VALUE or not case.query:
        return False
    raw = case.operation.schema.raw_schema
    return bool(case.query.keys() & not_to_be_guessed(Schemas(raw), case.operation.definition.raw))


def is_refused_message(case: Case[Any], status: int) -> bool:
    """Whether a header of HTTP's own was made up that the document does not have, and refused as such.

    Whoever reads HTTP gave that answer, before there was anybody whom the document describes.
    """
    described = {one.name.lower() for one in case.operation.headers}
    made_up = {name.lower() for name in case.headers} & (OF_MESSAGES - described)
    return bool(made_up) and status in REFUSED


def is_emptied_list(deletion: str, case: Case[Any], content: bytes) -> bool:
    """Whether the address of a deletion (`DELETE /path`) names no single thing, and is answered with a list now."""
    _, path = deletion.split(" ", 1)
    if path != case.operation.path or path.endswith("}"):
        return False
    try:
        body = json.loads(content)
    except ValueError:
        return False
    return isinstance(body, list) or (isinstance(body, dict) and any(isinstance(part, list) for part in body.values()))
