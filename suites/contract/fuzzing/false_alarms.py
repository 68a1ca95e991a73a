"""Failures of Schemathesis's own checks that say nothing of the target, whoever it is: the engine drops them."""

import json
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import UseAfterFree

OF_MESSAGES = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say how a message is to be read and sent on: HTTP's own, and not the API's."""
REFUSED = frozenset({*range(400, 500), 501})
"""501 is the answer to a transfer coding that nobody knows (RFC 9112, 6.1)."""


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Keep every failure, but not that of an emptied list, nor of a message that HTTP itself had to refuse."""
    is_emptied = isinstance(failure, UseAfterFree) and is_emptied_list(failure.operation, case, response.content)
    return not is_emptied and not is_refused_message(case, response.status_code)


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
