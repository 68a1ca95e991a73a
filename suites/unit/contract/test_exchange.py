"""Requests of a run, taken from the recording and sent again; no target is called here."""

import http.client
from uuid import UUID

import pytest
from schemathesis.config._output import MAX_RECORDED_PAYLOAD_SIZE

from harness.contract_findings import Step
from harness.errors import IdentityRefused
from harness.identities import Identity, Login, Token
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import LONGEST_KEPT, WRONG, Answer, connection_to, step_of_case
from suites.contract.findings.replaying import Caller, show_again

LOGIN = Login(endpoint="/login", token=Token(extract_from="body", extract_selector="/t", send_name="X-Ticket"))
ALICE = Identity(name="alice", login_endpoint_auth=LOGIN)
DEEP = b"[" * 100_000 + b"]" * 100_000
OK, REFUSED = Answer(200, {}, b""), Answer(401, {}, b"")


@pytest.mark.parametrize(
    ("base_url", "kind", "port"),
    [
        ("http://127.0.0.1", http.client.HTTPConnection, 80),
        ("https://127.0.0.1/api", http.client.HTTPSConnection, 443),
        ("https://me@127.0.0.1:8443", http.client.HTTPSConnection, 8443),
    ],
)
def test_connection(base_url: str, kind: type, port: int) -> None:
    """A target that speaks TLS is spoken to in TLS."""
    connection = connection_to(base_url, 1)
    assert (type(connection), connection.host, connection.port) == (kind, "127.0.0.1", port)


@pytest.mark.parametrize("body", [DEEP, b"[" * 600 + b"]" * 600], ids=["unreadable", "deep"])
def test_deep_answer(body: bytes) -> None:
    """An answer that is nested deeper than can be read has a kind all the same."""
    assert Answer(200, {}, body).kind == Answer(200, {}, body).kind
    assert Answer(200, {}, body).kind != Answer(200, {}, b"").kind


def test_as_much_as_is_recorded() -> None:
    """Of an answer as much is kept as Schemathesis records, or a long one would never be the same again."""
    assert LONGEST_KEPT == MAX_RECORDED_PAYLOAD_SIZE


def test_hidden_header_that_is_no_secret() -> None:
    """An idempotency key, hidden for its name, is sent again as it was generated; what may be a secret stays hidden."""
    hidden = {"Idempotency-Key": ["[Filtered]"], "X-Token": ["[Filtered]"], "X-Page": ["1"]}
    request = {"method": "GET", "uri": "http://127.0.0.1/", "headers": hidden}
    generated = {"idempotency-key": 7, "X-Token": "t", "X-Page": "2"}
    case = {"meta": {"raw_containers": {"header": generated}}, "auth_identity": "alice"}
    step = step_of_case(case, request)
    assert step.headers == {"Idempotency-Key": "7", "X-Token": "[Filtered]", "X-Page": "1"}
    assert step.identity == "alice"
    assert UUID(step_of_case({}, request).headers["Idempotency-Key"])


class Doorkeeper(Caller):
    """Lets in who has the ticket of now."""

    has_seed = True

    def __init__(self) -> None:
        self.identities = {"alice": ALICE}

    def restore(self) -> None:
        """Nothing is kept."""

    def call(self, step: Step) -> Answer:
        """Answer by the ticket, as a target would to which the hidden ones have been filled in."""
        ticket = step.headers.get("X-Ticket")
        mine = "ticket of now" if step.identity else WRONG
        return OK if (mine if ticket == "[Filtered]" else ticket) == "ticket of now" else REFUSED


@pytest.mark.parametrize(("check", "answer"), [("not_a_server_error", OK), ("ignored_auth", REFUSED)])
def test_ticket_that_was_not_hidden(check: str, answer: Answer) -> None:
    """An identity whose header has no secret's name calls again with the ticket of its new login; nobody has none."""
    step = Step(method="GET", path="/", headers={"X-Ticket": "ticket of then"}, identity="alice")
    sighting = Sighting(steps=(step,), answers=(answer,), chain=(0,))
    cause = Cause(operation="GET /", check=check, message="", phase="", seen=1, sighting=sighting)
    shown = show_again(cause, Doorkeeper())
    assert (shown.again, shown.steps[0].headers) == (True, {"X-Ticket": "[Filtered]"})


def test_nobody_who_could_ask_again() -> None:
    """Where an identity cannot log in any more, nothing was tried again: it was not seen to be well."""

    class Closed(Doorkeeper):
        def call(self, step: Step) -> Answer:
            """Refuse whoever has to log in for it."""
            raise IdentityRefused(f"identity {step.identity}: too many logins")

    asked = Step(method="GET", path="/things", headers={"Authorization": "[Filtered]"}, identity="alice")
    sighting = Sighting(steps=(asked,), answers=(Answer(500, {}, b""),), chain=(0,))
    cause = Cause(operation="GET /things", check="x", message="", phase="", seen=1, sighting=sighting)
    assert show_again(cause, Closed()).again is None
