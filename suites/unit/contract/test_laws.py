"""Laws on services of many kinds; the target is a function here."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract_findings import Step
from harness.errors import IdentityRefused
from harness.identities import Header, Identity
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller
from suites.contract.laws.laws import LAWS, apply_laws
from suites.contract.laws.recorded_calls import recorded_calls
from suites.contract.laws.trials import Calls

ALICE = Identity(name="alice", fixed_headers=(Header(name="X-Who", value="alice"),))
DELETED, GONE = LAWS["deleted_is_gone"], {"DELETE": Answer(204, {}, b""), "GET": Answer(404, {}, b"")}
DELETE = Step(method="DELETE", path="/things/a-b", headers={})
Service = Callable[[Step, bool], Answer | None]
"""From a request, and whether something was deleted, to the answer."""


class Shop(Caller):
    """Answers as a function."""

    has_seed = True

    def __init__(self, service: Service, *identities: Identity) -> None:
        self.identities = {identity.name: identity for identity in identities}
        self.peers = tuple(self.identities)
        self._service = service
        self._deleted = False
        self.asked: list[Step] = []

    def restore(self) -> None:
        """Forget what was deleted."""
        self._deleted = False

    def call(self, step: Step) -> Answer | None:
        """Answer."""
        self.asked.append(step)
        answer = self._service(step, self._deleted)
        self._deleted = self._deleted or step.method == "DELETE"
        return answer


def answers(deletion: int, read_again: int | None) -> Service:
    """Return a service that has everything, until it is deleted."""

    def service(step: Step, deleted: bool) -> Answer | None:  # noqa: FBT001 - as Service says
        if step.method == "DELETE":
            return Answer(deletion, {}, b"")
        if not deleted:
            return Answer(200, {}, b"")
        return Answer(read_again, {}, b"") if read_again else None

    return service


@pytest.mark.parametrize(
    ("deletion", "read_again", "said"),
    [
        (204, 404, (True, True, True)),
        (204, 410, (True, True, True)),
        (204, 200, (False, True, True)),
        (202, 404, (True, True, True)),
        (202, 200, (True, False, False)),
        (204, None, None),
        (409, 200, None),
    ],
)
def test_deleted_is_gone(deletion: int, read_again: int | None, said: tuple[bool, ...] | None) -> None:
    """What can still be read was not deleted; what is to be deleted later nobody can see; no answer says nothing."""
    verdict = DELETED.tried(Calls(valid=(DELETE,)), Shop(answers(deletion, read_again)))
    assert (verdict and (verdict.kept, verdict.sure, verdict.seen)) == said


@pytest.mark.parametrize("path", ["/things/{id}", "/things/{id}/"])
def test_paths_of_one_thing(path: str) -> None:
    """A path of one thing may end with a slash."""
    created = {"post": {"responses": {"201": {}}}}
    document = {"paths": {path: {"get": {}, "delete": {}, **created}}}
    assert list(DELETED.offers(document)) == [f"DELETE {path}"]
    assert list(LAWS["failed_creation_leaves_nothing"].offers(document)) == []


def test_what_offers_laws() -> None:
    """References are followed, whatever they lead to and from, and what no operation is, is none."""
    versioned = {"get": {}, "put": {"parameters": [{"$ref": "#/components/headers/version"}]}, "x-owner": "us"}
    document = {
        "paths": {"x-hidden": True, "/things/{id}": {"$ref": "#/components/pathItems/thing"}, "/none": None},
        "components": {
            "pathItems": {"thing": versioned},
            "headers": {"version": {"in": "header", "name": "IF-MATCH"}},
        },
    }
    offered = {name: found for name, promise in LAWS.items() if (found := list(promise.offers(document)))}
    of_writes = ("second_writer_is_refused", "written_is_read", "put_may_be_repeated", "hidden_is_unchanged")
    assert offered == {name: ["PUT /things/{id}"] for name in of_writes}


def for_tenants(step: Step, deleted: bool) -> Answer:  # noqa: FBT001 - as Service says
    """Answer as a service that wants to know the tenant with each request."""
    if "X-Tenant" not in step.headers:
        return Answer(400, {}, b"")
    return GONE[step.method] if deleted or step.method == "DELETE" else Answer(200, {}, b"")


def test_headers_that_reads_need() -> None:
    """A read has the headers of the write where it is refused without them, but for those that say how to write."""
    headers = {"X-Tenant": "7", "Content-Type": "a/b", "If-Match": "*", "Idempotency-Key": "k"}
    verdict = DELETED.tried(Calls(valid=(Step(method="DELETE", path="/things/1", headers=headers),)), Shop(for_tenants))
    assert verdict is not None
    assert (verdict.kept, verdict.trial[0][0].headers) == (True, {"X-Tenant": "7"})


def test_an_identity_that_is_refused_ends_no_run() -> None:
    """A target that has had enough of logins leaves the law untried there, and what else was found stays."""

    def service(_step: Step, _deleted: bool) -> Answer:  # noqa: FBT001 - as Service says
        raise IdentityRefused("identity alice: too many logins")

    versions = [({"X-Who": "alice-of-then"}, b"1")]
    reach, broken = apply_laws(VERSIONS, [("fuzzing", recorded(*versions))], Shop(service, ALICE))
    of_versions = next(law for law in reach if law.law == "second_writer_is_refused")
    assert (of_versions.offered, of_versions.tried, broken) == (("PUT /files",), (), [])
    assert of_versions.refused == ("PUT /files: identity alice: too many logins",)


def list_for_tenants(step: Step, _deleted: bool) -> Answer:  # noqa: FBT001 - as Service says
    """Answer as a service that wants to know the tenant, and refuses what is empty."""
    refused = "X-Tenant" not in step.headers or (step.method == "POST" and not step.body)
    return Answer(400 if refused else 200, {}, b"[]")


def test_headers_that_lists_need() -> None:
    """The look at a list has the headers with which something could be created there."""
    valid = Step(method="POST", path="/things", headers={"X-Tenant": "7"}, body="{}")
    calls = Calls(valid=(valid,), refused=(Step(method="POST", path="/things", headers={}),))
    verdict = LAWS["failed_creation_leaves_nothing"].tried(calls, Shop(list_for_tenants))
    assert verdict is not None
    assert [step.headers for step in verdict.trial[0] if step.method == "GET"] == [{"X-Tenant": "7"}] * 2


def recorded(*requests: tuple[dict[str, str], bytes]) -> dict[str, Any]:
    """Return the recording of calls of one operation, all of which succeeded."""
    cases = {str(at): {"value": {"method": "PUT", "path": "/files"}} for at in range(len(requests))}
    interactions = {
        str(at): {
            "request": {
                "method": "PUT",
                "uri": "http://127.0.0.1/files",
                "headers": {name: [value] for name, value in headers.items()},
                "body": {"$base64": base64.b64encode(body).decode()},
            },
            "response": {"status_code": 200},
        }
        for at, (headers, body) in enumerate(requests)
    }
    return {"cases": cases, "interactions": interactions}


VERSIONS: dict[str, Any] = {
    "paths": {"/files": {"get": {}, "put": {"parameters": [{"in": "header", "name": "If-Match"}]}}}
}


def test_bytes_and_credentials() -> None:
    """Calls that differ in bytes alone are all tried, each once; what carries an identity is what it is now."""

    def service(step: Step, _deleted: bool) -> Answer:  # noqa: FBT001 - as Service says
        return Answer(200, {"etag": '"1"'} if step.method == "GET" else {}, b"")

    shop = Shop(service, ALICE)
    calls = [({"X-Who": "alice-of-then"}, b"\xff"), ({"X-Who": "alice-of-then"}, b"\xfe")]
    recording = recorded_calls([("fuzzing", recorded(*calls, calls[0]))], shop)
    LAWS["second_writer_is_refused"].tried(recording["PUT /files"], shop)
    assert [step.body_base64 for step in shop.asked if step.method == "PUT"] == ["/w==", "/g=="]
    assert {step.headers["X-Who"] for step in shop.asked} == {"[Filtered]"}
