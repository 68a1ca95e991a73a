"""How Schemathesis calls the reference app as its clients do; named by schemathesis.toml."""

import hashlib
import hmac
from typing import Any
from uuid import uuid4

import schemathesis
from requests import PreparedRequest
from schemathesis import Case, HookContext
from schemathesis.core.parameters import ParameterLocation

KEY = "Idempotency-Key"
USERS_OF_TOOLS = {"1", "2", "3"}
"""alice, bob and admin, as whom Schemathesis logs in."""
ANOTHER_USER = 4
WEBHOOK = "POST /api/webhooks/github"
WEBHOOK_KEY = b"known-to-GitHub-and-fuzzers"
"""GITHUB_WEBHOOK_SECRET of target.toml."""
EXAMPLES = {"If-Match": '"1"', "If-None-Match": '"1"', "Last-Event-ID": "0-0"}


@schemathesis.hook
def before_call(_context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Mend what makes a well-formed call another one than a client would make, and what would end the run."""
    _spare_users_of_tools(case)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        _renew_key(case)
        _fill_empty_headers(case)
    if case.operation.label == WEBHOOK and not (case.meta and case.meta.is_negative_at(ParameterLocation.HEADER)):
        kwargs["auth"] = _sign
        case._has_explicit_auth = True  # noqa: SLF001 - else a signature counts as made up, and as one that must not do


def _spare_users_of_tools(case: Case) -> None:
    """Change another user instead of one as whom Schemathesis has to log in again: a run goes on as it began."""
    if case.operation.label == "PATCH /api/users/{user_id}" and str(case.path_parameters["user_id"]) in USERS_OF_TOOLS:
        case.path_parameters["user_id"] = ANOTHER_USER


def _sign(request: PreparedRequest) -> PreparedRequest:
    """Sign the body as GitHub does: nothing else gets past the first look at a delivery."""
    body = request.body or b""
    signature = hmac.new(WEBHOOK_KEY, body.encode() if isinstance(body, str) else body, hashlib.sha256).hexdigest()
    request.headers["X-Hub-Signature-256"] = f"sha256={signature}"
    return request


def _renew_key(case: Case) -> None:
    """Give the call a key of its own, as a client does.

    Two generated calls that share one would be the same call to the application, which refuses the second for its
    other body: rightly, and no fault of the data.
    """
    if KEY in case.headers:
        case.headers[KEY] = uuid4().hex


def _fill_empty_headers(case: Case) -> None:
    """Put an example where the coverage phase of Schemathesis 4.32 found no value.

    It makes header values of letters and digits only; for a pattern that needs other characters it sends nothing,
    and calls that valid.
    """
    for name, example in EXAMPLES.items():
        if case.headers.get(name) == "":
            case.headers[name] = example
