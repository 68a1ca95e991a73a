"""Smaller examples that show the same cause; the target is a function here."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from harness.contract_findings import Shrinking, Step
from harness.identities import Header, Identity
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller, Shown
from suites.contract.findings.shrinking import MOST_TRIES, Shrinker

TEXT = {"type": "string", "maxLength": 10}
BODY = {"application/json": {"schema": {"type": "object", "properties": {"name": TEXT, "note": TEXT}}}}
FORM = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["name"]}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/notes/{name}/{id}": {
            "get": {
                "parameters": [
                    {"in": "path", "name": "name", "required": True, "schema": TEXT},
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer", "minimum": 1}},
                    {"in": "header", "name": "X-Page", "schema": {"type": "integer", "minimum": 1}},
                ],
                "responses": {"200": {"description": "read"}},
            }
        },
        "/uploads": {"post": {"requestBody": {"content": FORM}, "responses": {"201": {"description": "made"}}}},
        "/things": {"post": {"requestBody": {"content": BODY}, "responses": {"201": {"description": "made"}}}},
        "/things/{id}": {"get": {"responses": {"200": {"description": "read"}}}},
    },
}
Service = Callable[[list[Step]], int]
"""From all requests since the seed, the last one now, to its status."""


class Pretended(Caller):
    """Calls a function."""

    def __init__(self, service: Service, *identities: Identity) -> None:
        self.identities = {identity.name: identity for identity in identities}
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


def shrink(service: Service, operation: str, check: str, *steps: Step, by: tuple[Identity, ...] = ()) -> Shown:
    """Show a cause by some requests, and shrink them."""
    caller = Pretended(service, *by)
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


NOTE = "GET /notes/{name}/{id}"
BIG = 9007199254740991


def note(name: str = "long-name", number: int = BIG, **headers: str) -> Step:
    sent = {one.replace("_", "-"): value for one, value in headers.items()}
    return Step(method="GET", path=f"/notes/{name}/{number}?x=1", headers=sent)


def test_path_and_headers_get_simpler() -> None:
    """Values in the path get as simple as they may be, headers go; a valid request stays valid."""
    step = note(X_Page="77", X_Trace="7", Authorization="[Filtered]")
    (smallest,) = shrink(lambda _: 500, NOTE, "not_a_server_error", step).steps
    assert (smallest.path, smallest.headers) == ("/notes/0/1", {})


def needs_much(sent: list[Step]) -> int:
    """Answer as a service that fails on numbers above five, on names with a dash, and where there are pages."""
    _, _, name, number = sent[-1].path.split("?")[0].split("/")
    return 500 if int(number) > 5 and "-" in name and sent[-1].headers.get("X-Page", "") > "" else 200


def test_needed_values_stay() -> None:
    """A value in the path and a header that the finding needs stay, and get simpler as far as that goes."""
    (smallest,) = shrink(needs_much, NOTE, "not_a_server_error", note(X_Page="77", X_Trace="7")).steps
    assert (smallest.path, smallest.headers) == ("/notes/-/6", {"X-Page": "1"})


def test_tries_are_counted() -> None:
    """Values in paths and headers are tried within the bound of one finding, and the search says that this ended it."""

    def needs_all(sent: list[Step]) -> int:
        return 500 if sent[-1] == step else 200

    step = note("abcdefghij", X_Long="x" * 100)
    shown = shrink(needs_all, NOTE, "not_a_server_error", step)
    assert shown.shrinking == Shrinking(tried=MOST_TRIES, taken=0, bound="requests")


def test_invalid_value_stays_invalid() -> None:
    """A value in the path that should have been refused stays one that should be."""
    shown = shrink(lambda _: 200, NOTE, "negative_data_rejection", note(number=-77, X_Page="-5"))
    assert (shown.steps[0].path, shown.steps[0].headers) == ("/notes/0/0?x=", {"X-Page": "0"})


def test_credentials_stay() -> None:
    """Headers that carry an identity are neither left out nor changed where it matters who asks."""
    alice = Identity(name="alice", fixed_headers=(Header(name="X-Who", value="alice-has-this"),))
    headers = {"X_Who": "alice-has-this", "Authorization": "[Filtered]"}
    shown = shrink(
        lambda _: 200, NOTE, "negative_data_rejection", note(number=-77, X_Trace="7", **headers), by=(alice,)
    )
    assert shown.steps[0].headers == {"X-Who": "alice-has-this", "Authorization": "[Filtered]"}


def test_whose_thing_it_is() -> None:
    """Where somebody sees what is not his, the path names the same thing as before: another one may be his own."""
    shown = shrink(lambda _: 200, NOTE, "object_level_authorization", note())
    assert shown.steps[0].path == f"/notes/long-name/{BIG}?x="


def keeps(sent: list[Step]) -> int:
    """Answer as a service that has every thing, and keeps them when they are deleted."""
    return {"POST": 201, "DELETE": 204, "GET": 200}[sent[-1].method]


def test_deleted_thing_is_the_one_that_is_read() -> None:
    """Of what is read after it was deleted a simpler one is named by all calls alike."""
    look, gone = (Step(method=method, path="/things/77", headers={}) for method in ("GET", "DELETE"))
    shown = shrink(keeps, "GET /things/{id}", "use_after_free", gone, look)
    assert [step.path for step in shown.steps] == ["/things/0", "/things/0"]


def test_created_thing_is_the_one_that_is_read() -> None:
    """What was created and cannot be read is named as the creation has named it."""
    look = Step(method="GET", path="/things/77", headers={})
    service = lambda sent: 201 if sent[-1].method == "POST" else 404  # noqa: E731 - one line
    shown = shrink(service, "GET /things/{id}", "ensure_resource_availability", post({}), look)
    assert shown.steps[-1].path == "/things/77"


def form(body: str) -> Step:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Step(method="POST", path="/uploads", headers=headers, body=body)


def test_body_that_cannot_be_judged() -> None:
    """A body of a kind that nobody here can judge stays what it was, so that a valid one is not made a wrong one."""
    shown = shrink(lambda _: 422, "POST /uploads", "positive_data_acceptance", form("name=abc"))
    assert shown.steps[0].body == "name=abc"


@pytest.mark.parametrize(("step", "operation"), [(form("name=a~bc"), "POST /uploads"), (post("~"), "POST /things")])
def test_body_whose_answer_is_wrong(step: Step, operation: str) -> None:
    """Where the answer alone is wrong, a body of any kind gets smaller, and is still of its kind."""
    step = msgspec.structs.replace(step, body=(step.body or "").replace('"', ""))
    shown = shrink(lambda sent: 500 if "~" in (sent[-1].body or "") else 201, operation, "not_a_server_error", step)
    assert shown.steps[0].body == "~"


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
