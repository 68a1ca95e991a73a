"""What the contract fails by, and what a waiver accepts until its day."""

import datetime as dt
import json
from pathlib import Path

import msgspec
import pytest

from harness.contract_findings import ContractFinding, ContractFindings, Step
from harness.identities import Header, Identity
from harness.launch import Launched
from harness.seed import Seed
from harness.waivers import accepted_by, read_waivers
from suites.contract.findings.evidence import Har, failures_of
from suites.contract.findings.exchange import Answer
from suites.contract.findings.redaction import redacted
from suites.contract.findings.replaying import Caller, Shown
from suites.contract.fuzzing.isolation import Isolation

FINDING = ContractFinding(
    id="0bf3d7a7",
    code="F101",
    fault="answer does not match its schema",
    operation="GET /users/{user_id}",
    check="response_schema_conformance",
    message='"name" is a required property',
    phase="coverage",
    seen=3,
    seed=1,
    steps=(),
    curl=("curl http://127.0.0.1/users/1",),
    har_entries=(0,),
    reproduce="python -m pytest suites/contract",
    reproduced=True,
)
WAIVERS = """
[[contract]]
match = "F101 GET /users/{user_id} response_schema_conformance: *"
reason = "old clients"
owner = "alice"
expires = 2026-03-01
"""


ALICE = Identity(name="alice", fixed_headers=(Header(name="X-Key", value="alice-has-this"),))
STEP = Step(method="GET", path="/me", headers={"X-Key": "alice-has-this", "Accept": "*/*"}, identity="alice")


def findings(*found: ContractFinding) -> ContractFindings:
    return ContractFindings(seed=1, isolation="", restores=0, clones=0, findings=found)


@pytest.mark.parametrize(("today", "failures"), [("2026-03-01", 0), ("2026-03-02", 1)])
def test_accepted_finding_comes_back(today: str, failures: int, tmp_path: Path) -> None:
    """A waiver of a contract finding holds until the end of its day, and then the finding fails again."""
    (tmp_path / "waivers.toml").write_text(WAIVERS)
    waivers = read_waivers(tmp_path / "waivers.toml").contract
    accepted = accepted_by(waivers, FINDING.name, dt.date.fromisoformat(today))
    found = msgspec.structs.replace(FINDING, accepted=str(accepted) if accepted else None)
    assert len(failures_of(findings(found))) == failures


def test_failure_names_cause_and_command() -> None:
    """A finding fails with its operation, fault code, curl line and the line that runs it again."""
    (failure,) = failures_of(findings(FINDING))
    for part in ("GET /users/{user_id}", "F101", "curl http://127.0.0.1/users/1", "shown again"):
        assert part in failure.what
    assert failure.reproduce == FINDING.reproduce


def test_failure_with_a_large_body() -> None:
    """A line that nobody could read or paste is told by the place where it is."""
    (failure,) = failures_of(findings(msgspec.structs.replace(FINDING, curl=("curl " + "x" * 10_000, "curl y"))))
    assert failure.what.endswith("Sent: a curl line of 10,005 characters, in contract/findings.json ; curl y")


def test_identity_without_its_secret() -> None:
    """Evidence tells whose a request was, if it carried credentials, and not what these are."""
    isolation = Isolation(Launched("http://127.0.0.1:1", (), None))
    caller = Caller("http://127.0.0.1:1", {"alice": ALICE}, isolation)
    told = caller.told(STEP)
    assert (told.identity, told.headers) == ("alice", {"X-Key": "[Filtered]", "Accept": "*/*"})
    assert caller.told(msgspec.structs.replace(STEP, headers={})).identity is None


def test_har_of_findings() -> None:
    """The calls of one finding are one page, each with the name of its identity; secrets in answers are filtered."""
    answer = Answer(
        200, {"set-cookie": "s=1", "etag": '"1"'}, b'{"me": {"api_token": "t0k", "name": "n"}, "tokens": 1}'
    )
    har = Har(started="2026-01-01T00:00:00Z")
    assert har.add("http://127.0.0.1", Shown(steps=(STEP,), answers=(None,), again=True), "first") == (0,)
    assert har.add("http://127.0.0.1", Shown(steps=(STEP, STEP), answers=(answer, answer), again=True), "x") == (1, 2)
    log = json.loads(har.text())["log"]
    assert [entry["pageref"] for entry in log["entries"]] == ["finding_0", "finding_1", "finding_1"]
    assert [page["title"] for page in log["pages"]] == ["first", "x"]
    assert {entry["_identity"] for entry in log["entries"]} == {"alice"}
    answered = log["entries"][-1]["response"]
    assert {one["name"]: one["value"] for one in answered["headers"]} == {"set-cookie": "[Filtered]", "etag": '"1"'}
    assert json.loads(answered["content"]["text"]) == {"me": {"api_token": "[Filtered]", "name": "n"}, "tokens": 1}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"api_keys": ["k1", {"n": 1}]}', b'{"api_keys":["[Filtered]",{"n":1}]}'),
        (b"access_token=abc&kind=bearer", b"access_token=[Filtered]&kind=bearer"),
        (b'<a><x:Token id="1">abc</x:Token><n>1</n></a>', b'<a><x:Token id="1">[Filtered]</x:Token><n>1</n></a>'),
        (b"token" * 20_000, b"token" * 20_000),
        (rb'{"token": "a", "of": "\ud800"}', rb'{"token":"[Filtered]","of":"\ud800"}'),
        (
            b'{"token": "a", "of": ' + b"[" * 5000 + b"]" * 5000,
            b'{"token": "[Filtered]", "of": ' + b"[" * 5000 + b"]" * 5000,
        ),
        (
            b'{"items": [{"api_token" : "a\\"b", "tokens": ["c", "d"]}, {"n',
            b'{"items": [{"api_token" : "[Filtered]", "tokens": "[Filtered]"}, {"n',
        ),
        (
            b'data: {"token": "a"}\n\ndata: {"password": "b',
            b'data: {"token": "[Filtered]"}\n\ndata: {"password": "[Filtered]"',
        ),
    ],
    ids=["list", "form", "XML", "large", "half of a pair", "deep", "cut off", "a stream of events"],
)
def test_secrets_of_any_kind(body: bytes, told: bytes) -> None:
    """Secret fields of lists, of forms, of XML and of broken JSON are filtered too; a large answer takes no time."""
    answer = redacted(Answer(200, {}, body))
    assert answer is not None
    assert answer.body == told


@pytest.mark.parametrize("body", [b"", b"\xff token", b"a token", b'{"name":  "n"}', b"[" * 100_000 + b"token"])
def test_answers_without_secret_fields(body: bytes) -> None:
    """An answer that has no secret fields is told as it was."""
    assert redacted(Answer(200, {}, body)) == Answer(200, {}, body)


def test_foreign_target_is_left_alone() -> None:
    """A target that somebody else runs is never restored, and the evidence says so."""
    isolation = Isolation(Launched("http://127.0.0.1:1", (), None))
    isolation.restore()
    assert str(isolation).startswith("none: the target runs elsewhere")
    assert isolation.restores == 0


def test_target_without_services_is_started_anew() -> None:
    """A target that keeps what it has in its process gets its seed by a new start, where it may have changed."""
    isolation = Isolation(Launched("http://127.0.0.1:1", (), None, Seed(None, None)))
    assert "started anew" in str(isolation)
    assert [isolation.restore(changed=changed) for changed in (True, False)] == [True, False]
    assert isolation.restores == 2
