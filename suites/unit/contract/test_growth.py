"""How reach grows with the exchanges of a run, and with time."""

from typing import Any

import pytest

from suites.contract.reach.exchanges import Exchange
from suites.contract.reach.growth import Growth, growth

BEGAN = 1000.0
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}
RESPONSES = {"200": {"description": "fine"}, "422": {"description": "wrong"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/things": {"get": {"parameters": [LIMIT], "responses": RESPONSES}}},
}
"""Seven things to reach: the operation, two statuses; the parameter absent, valid, invalid, at its boundary."""


def sent(at: float, status: int, *limit: str) -> Exchange:
    query = {"limit": limit} if limit else {}
    return Exchange(operation="GET /things", parameters={"query": query}, status=status, at=BEGAN + at)


@pytest.fixture
def grown() -> Growth:
    """Four exchanges, told in another order: three of them reach something new."""
    return growth(DOCUMENT, [sent(9, 422, "x"), sent(2, 200), sent(3, 200), sent(5, 200, "1")], BEGAN)


def test_reach_grows_with_what_is_answered_first(grown: Growth) -> None:
    """Exchanges count in the order of their answers, and only those that reach something new are gains."""
    assert (grown.exchanges, grown.first_s) == (4, 2.0)
    assert [(gain.number, gain.at_s, sum(gain.dimensions.values())) for gain in grown.gains] == [
        (1, 2.0, 3),
        (3, 5.0, 2),
        (4, 9.0, 2),
    ]


def test_coverage_by_requests_and_by_time(grown: Growth) -> None:
    """The share of everything that there is to reach."""
    assert [grown.after(number) for number in (0, 1, 2, 3, 4, 99)] == [0, 3 / 7, 3 / 7, 5 / 7, 1, 1]
    assert [grown.at(seconds) for seconds in (1.9, 2, 8.9, 9)] == [0, 3 / 7, 5 / 7, 1]


def test_when_so_much_was_reached(grown: Growth) -> None:
    """The moment at which so many things had been reached, if there was one."""
    assert [grown.when(things) for things in (3, 4, 5, 7, 8)] == [2.0, 5.0, 5.0, 9.0, None]
    assert grown.reached()["statuses"] == 2


def test_other_operations_count_as_exchanges_only() -> None:
    """A method that the document does not have reaches nothing of it."""
    other = Exchange(operation="TRACE /things", parameters={}, status=405, at=BEGAN)
    grown = growth(DOCUMENT, [other], BEGAN)
    assert (grown.exchanges, grown.after(1), grown.when(1)) == (1, 0, None)
