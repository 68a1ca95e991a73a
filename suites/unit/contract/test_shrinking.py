"""Smaller examples that show the same cause; the target is a function here."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from harness.contract_findings import Step
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller, Shown
from suites.contract.findings.shrinking import Shrinker

TEXT = {"type": "string", "maxLength": 10}
BODY = {"application/json": {"schema": {"type": "object", "properties": {"name": TEXT, "note": TEXT}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {"post": {"requestBody": {"content": BODY}, "responses": {"201": {"description": "made"}}}},
        "/things/{id}": {"get": {"responses": {"200": {"description": "read"}}}},
    },
}
Service = Callable[[list[Step]], int]
"""From all requests since the seed, the last one now, to its status."""


class Pretended(Caller):
    """Calls a function."""

    def __init__(self, service: Service) -> None:
        self.identities = {}
        self.base_url = "http://127.0.0.1:1"
        self._service = service
        self._sent: list[Step] = []

    def restore(self) -> None:
        """Forget everything."""
        self._sent.clear()

    def call(self, step: Step) -> Answer:
        """Answer with the status that the function gives."""
        self._sent.append(step)
        return Answer(self._service(self._sent), {"content-type": "application/json"}, b"{}")


def post(body: object) -> Step:
    headers = {"Authorization": "[Filtered]", "X-Trace": "7"}
    return Step(method="POST", path="/things", headers=headers, identity="alice", body=json.dumps(body))


def shrink(service: Service, operation: str, check: str, *steps: Step) -> Shown:
    """Show a cause by some requests, and shrink them."""
    caller = Pretended(service)
    answers = tuple(caller.call(step) for step in steps)
    sighting = Sighting(steps=steps, answers=answers, chain=tuple(range(len(steps))))
    cause = Cause(operation=operation, check=check, message="Server error", phase="fuzzing", seen=1, sighting=sighting)
    shown = Shown(steps=steps, answers=answers, again=True)
    return Shrinker(DOCUMENT, caller).shrunk(cause, shown, 1)


def fails_on_odd_text(sent: list[Step]) -> int:
    return 500 if "\\u" in (sent[-1].body or "") else 201


def test_same_check_fails() -> None:
    """What fails by its answer loses everything that the answer does not need, credentials and earlier calls too."""
    before = post({"name": "plain"})
    step = post({"name": "an \u00e9", "note": "x"})
    shown = shrink(fails_on_odd_text, "POST /things", "not_a_server_error", before, step)
    (smallest,) = shown.steps
    assert (smallest.headers, smallest.body) == ({}, '{"name": "\\u00e9"}')
    assert shown.answers[0] is not None
    assert shown.answers[0].status == 500
    assert shown.shrinking is not None
    assert (shown.shrinking.bound, shown.shrinking.taken > 1) == (None, True)


def test_another_failure_is_another_cause() -> None:
    """A smaller request with another status is not taken, though the same check fails on it."""
    shown = shrink(
        lambda sent: 500 if sent[-1].body == '{"name": "abc"}' else 503,
        *("POST /things", "not_a_server_error"),
        msgspec.structs.replace(post({"name": "abc"}), headers={}),
    )
    assert shown.steps[0].body == '{"name": "abc"}'


def test_what_is_wrong_with_data_stays() -> None:
    """What should have been refused stays wrong in the same place, keeps its credentials, and loses the rest."""
    wrong = post({"name": 77, "note": "x"})
    shown = shrink(lambda _: 201, "POST /things", "negative_data_rejection", wrong)
    assert (shown.steps[0].headers, shown.steps[0].body) == ({"Authorization": "[Filtered]"}, '{"name": 0}')


def test_what_is_valid_stays_valid() -> None:
    """Valid data that is refused stays valid."""
    valid = post({"name": "abc", "note": "xyz"})
    shown = shrink(lambda sent: 422 if sent[-1].body else 201, "POST /things", "positive_data_acceptance", valid)
    assert shown.steps[0].body == "{}"


def read_after_delete(sent: list[Step]) -> int:
    """Answer as a service that keeps what it says is deleted."""
    made = any(step.method == "POST" for step in sent)
    return {"POST": 201, "DELETE": 204, "GET": 200}[sent[-1].method] if made else 404


def test_calls_that_are_needed_stay() -> None:
    """Of calls that are wrong together only a read that nothing needs is left out."""
    look = Step(method="GET", path="/things/1", headers={})
    gone = Step(method="DELETE", path="/things/1", headers={})
    shown = shrink(read_after_delete, "GET /things/{id}", "use_after_free", post({}), look, gone, look)
    assert [step.method for step in shown.steps] == ["POST", "DELETE", "GET"]


@pytest.mark.parametrize("again", [False, None])
def test_not_shown_again(*, again: bool | None) -> None:
    """What a fresh target does not show is left as it was sent."""
    shown = Shown(steps=(post({}),), answers=(Answer(500, {}, b""),), again=again)
    sighting = Sighting(steps=shown.steps, answers=shown.answers, chain=(0,))
    cause = Cause(operation="", check="", message="", phase="", seen=1, sighting=sighting)
    assert Shrinker(DOCUMENT, Pretended(fails_on_odd_text)).shrunk(cause, shown, 1) is shown


def test_same_request_same_example() -> None:
    """The same request ends at the same example, after as many tries."""
    step = post({"name": "\u00e9\u00e8", "note": "\u00ea"})
    one, other = (shrink(fails_on_odd_text, "POST /things", "not_a_server_error", step) for _ in range(2))
    assert one == other
