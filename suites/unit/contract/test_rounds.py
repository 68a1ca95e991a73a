"""What of an operation the coverage phase sends first."""

from typing import Any

import schemathesis

from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.rounds import Rounds
from suites.contract.fuzzing.senders import Senders


def operation() -> Any:
    paths = {"/things": {"get": {"responses": {"200": {"description": "said"}}}}}
    document = {"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": paths}
    return schemathesis.openapi.from_dict(document)["/things"]["GET"]


def test_the_first_round_has_what_is_made_for_an_operation_once() -> None:
    """What Schemathesis makes is left for the second round."""
    rounds, things = Rounds(Directed(Chains(), Senders())), operation()
    assert not rounds.has_rest("GET /things")
    assert [one.path for one in rounds.first(things)] == ["/things"]
    assert rounds.has_rest("GET /things")
    assert rounds.first(things) == []
