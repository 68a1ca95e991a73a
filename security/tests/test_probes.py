"""Probes against a small real service, right and with planted flaws."""

import pytest

from harness.target import Target
from security.evidence import CheckIncomplete, Severity
from security.policy import Policy
from security.probes.anonymous import Anonymous
from security.probes.headers import Headers, expected_headers
from security.tests.stand_ins import MakeTarget, TinyService

OPENAPI = '[openapi]\npath = "/openapi.json"\n'
SEED = 7


@pytest.fixture
def target(tiny: TinyService, make_target: MakeTarget) -> Target:
    """Give the small service as a target with an OpenAPI document."""
    return make_target(head=f'base_url = "{tiny.base_url}"', tail=OPENAPI)


def test_headers_present(tiny: TinyService, target: Target, policy: Policy) -> None:
    """A service with all headers on all kinds of answer passes."""
    outcome = Headers(target, policy, "again").probe(tiny.base_url, SEED)
    assert (outcome.issues, outcome.incomplete) == ((), None)
    assert outcome.covered == 10


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/proving-ground-000007", ["GET /(not found)"]),
        ("/things", ["GET /things", "GET /things (anonymous)", "POST /things (torn body)"]),
        ("/things/2147483647", ["GET /things/{id} (absent)"]),
    ],
)
def test_header_missing(tiny: TinyService, target: Target, policy: Policy, path: str, places: list[str]) -> None:
    """A header that one kind of answer leaves out is found there, and nowhere else."""
    tiny.forgets[path] = "X-Frame-Options"
    outcome = Headers(target, policy, "again").probe(tiny.base_url, SEED)
    assert places == [issue.place for issue in outcome.issues]
    assert {"x-frame-options"} == {issue.rule for issue in outcome.issues}


def test_https_headers() -> None:
    """Headers that only count over HTTPS are expected there only."""
    assert list(expected_headers({"A": ""}, {"B": ""}, "http://x")) == ["A"]
    assert list(expected_headers({"A": ""}, {"B": ""}, "https://x")) == ["A", "B"]


def test_headers_without_document(tiny: TinyService, make_target: MakeTarget, policy: Policy) -> None:
    """A target without an OpenAPI document is probed on what any service answers."""
    target = make_target(head=f'base_url = "{tiny.base_url}"')
    assert Headers(target, policy, "again").probe(tiny.base_url, SEED).covered == 5


def test_headers_unreachable(target: Target, policy: Policy) -> None:
    """Answers that never came are gaps, named."""
    outcome = Headers(target, policy, "again").probe("http://127.0.0.1:9", SEED)
    assert outcome.covered == 0
    assert "PROPFIND /: no answer: [Errno 111] Connection refused" in str(outcome.incomplete)


def test_anonymous_refused(tiny: TinyService, target: Target, policy: Policy) -> None:
    """A service that refuses strangers everywhere passes; only secured operations are asked."""
    outcome = Anonymous(target, policy, "again").probe(tiny.base_url, SEED)
    assert (outcome.covered, outcome.issues, outcome.incomplete) == (3, (), None)


def test_anonymous_let_in(tiny: TinyService, target: Target, policy: Policy) -> None:
    """An open operation is found, and so is one that looks for the object before it asks who is there."""
    tiny.unguarded |= {"POST /things", "GET /things/2147483647"}
    outcome = Anonymous(target, policy, "again").probe(tiny.base_url, SEED)
    assert [(issue.rule, issue.place, issue.severity) for issue in outcome.issues] == [
        ("anonymous-access", "POST /things", Severity.HIGH),
        ("anonymous-not-refused", "GET /things/{id}", Severity.MEDIUM),
    ]


def test_nothing_secured(tiny: TinyService, make_target: MakeTarget, policy: Policy) -> None:
    """Without a document nothing can be said of who may do what."""
    target = make_target(head=f'base_url = "{tiny.base_url}"')
    with pytest.raises(CheckIncomplete, match=r"target\.toml has no \[openapi\]"):
        Anonymous(target, policy, "again").probe(tiny.base_url, SEED)


def test_document_missing(tiny: TinyService, make_target: MakeTarget, policy: Policy) -> None:
    """A document that is not where target.toml says is a gap."""
    target = make_target(head=f'base_url = "{tiny.base_url}"', tail='[openapi]\npath = "/nowhere"\n')
    with pytest.raises(CheckIncomplete, match="GET /nowhere: answered 404"):
        Anonymous(target, policy, "again").probe(tiny.base_url, SEED)
