"""Who sends a call that is made on purpose."""

from typing import Any

import schemathesis
from schemathesis import Case
from schemathesis.auths import AuthContext
from schemathesis.wfc.escalation import ANONYMOUS, EscalatingAuthProvider

from suites.contract.fuzzing.senders import Senders, without_credentials


class Named:
    """An identity whose credentials are its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get(self, _case: Case[Any], _context: AuthContext) -> str:
        """Return the name."""
        return self._name

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Put the name on a call."""
        case.headers["X-Who"] = data


def operation(*names: str) -> Any:
    security = {"bearer": {"type": "http", "scheme": "bearer"}}
    get = {"responses": {"200": {"description": "said"}}, "security": [{"bearer": []}]}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1"},
        "paths": {"/things": {"get": get}},
        "components": {"securitySchemes": security},
    }
    schema = schemathesis.openapi.from_dict(document)
    if names:
        schema.auth.providers.append(EscalatingAuthProvider([Named(name) for name in names], list(names)))
    return schema["/things"]["GET"]


def test_the_others_are_all_identities_but_the_usual_one() -> None:
    """Nobody is none of them; where the auth file has one identity, or there is none, there are no others."""
    assert Senders.others(operation("ann", "bob", "carol")) == ["bob", "carol"]
    assert Senders.others(operation("ann")) == []
    assert Senders.others(operation()) == []


def test_a_call_is_sent_as_whom_it_was_made_for() -> None:
    """With that one's credentials as they are when it is sent, and recorded as that one's."""
    senders, case = Senders(), operation("ann", "bob").Case()
    senders.send_as(case, "bob")
    assert "X-Who" not in case.headers
    senders.sign(case)
    assert (case.headers["X-Who"], case.auth_identity) == ("bob", "bob")


def test_a_call_of_nobodys_has_no_credentials() -> None:
    """Neither has one that nobody was named for: the engine signs that."""
    senders, things = Senders(), operation("ann", "bob")
    nobodys, unnamed = things.Case(), things.Case()
    senders.send_as(nobodys, ANONYMOUS)
    for case in (nobodys, unnamed):
        senders.sign(case)
        assert dict(case.headers) == {}


def ask(senders: Senders, things: Any, status: int, identity: str | None = None) -> str:
    """Have the operation answer a call, of the usual identity if no other one is named; return who is usual then."""
    case, provider = things.Case(), things.schema.auth.providers[0]
    if identity is None:
        provider.set(case, None, AuthContext(operation=things, app=None))
    else:
        senders.send_as(case, identity)
        senders.sign(case)
    senders.learn(case, status)
    return str(provider.names[provider.index_for(things.label)])


def test_who_is_refused_is_followed_by_who_was_let_in() -> None:
    """An operation for some is called as one of them, as soon as the usual one is refused, not in the file's order."""
    senders, things = Senders(), operation("ann", "bob", "carol")
    assert ask(senders, things, 403, "bob") == "ann"
    assert ask(senders, things, 200, "carol") == "ann"
    assert ask(senders, things, 403) == "carol"


def test_being_told_what_is_wrong_is_being_let_in() -> None:
    """Until that one is refused after all; the operation is called as the next one then."""
    senders, things = Senders(), operation("ann", "bob", "carol")
    for identity in ("bob", "carol"):
        ask(senders, things, 422, identity)
    assert ask(senders, things, 403) == "bob"
    assert ask(senders, things, 403) == "carol"


def test_who_was_served_stays() -> None:
    """One thing of somebody else's does not make an operation another one's."""
    senders, things = Senders(), operation("ann", "bob")
    ask(senders, things, 200, "bob")
    assert [ask(senders, things, 200), ask(senders, things, 403)] == ["ann", "ann"]


def test_a_call_on_purpose_ends_no_search() -> None:
    """Where nobody was let in on purpose, Schemathesis looks on: nobody, then the next one."""
    senders, things = Senders(), operation("ann", "bob")
    ask(senders, things, 200, ANONYMOUS)
    assert [ask(senders, things, 403), ask(senders, things, 401)] == [ANONYMOUS, "bob"]


def test_credentials_are_taken_off() -> None:
    """What an identity puts on a call, wherever that is, and what the document has for credentials; the rest stays."""
    made = {"X-Who": "ann", "Authorization": "Bearer made-up", "Accept-Language": "de"}
    case = operation("ann", "bob").Case(headers=made)
    assert dict(without_credentials(case).headers) == {"Accept-Language": "de"}
