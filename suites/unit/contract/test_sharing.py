"""How operations are dealt to engines that work side by side."""

from hypothesis import given
from hypothesis import strategies as st

from suites.contract.fuzzing.sharing import families_of, shares

SHOP = {
    "GET /api/orders": 10,
    "POST /api/orders": 20,
    "GET /api/orders/{order_id}": 5,
    "GET /api/orders/statistics": 4,
    "GET /api/users/{user_id}": 6,
    "PATCH /api/users/{user_id}": 9,
    "GET /livez": 1,
}
PATHS = st.lists(st.sampled_from(["a", "b", "{id}", ""]), max_size=3).map(lambda steps: "/" + "/".join(steps))
WEIGHTS = st.dictionaries(st.builds("{} {}".format, st.sampled_from(["GET", "PUT"]), PATHS), st.integers(1, 99))


def test_what_is_about_the_same_things_stays_together() -> None:
    """An operation belongs to the shortest documented path that its own continues."""
    assert [len(family) for family in families_of(SHOP)] == [4, 2, 1]


def test_shares_weigh_alike() -> None:
    """The heaviest family has a share of its own; what is left fills the other one."""
    first, second = shares(SHOP, 2)
    assert {name.split("/")[2] for name in first} == {"orders"}
    assert second == ("GET /api/users/{user_id}", "GET /livez", "PATCH /api/users/{user_id}")


def test_families_limit_how_many_shares_there_are() -> None:
    """No engine is left without work, and one operation has one engine."""
    assert len(shares(SHOP, 9)) == len(families_of(SHOP))
    assert shares({"GET /livez": 1}, 2) == (("GET /livez",),)


@given(WEIGHTS, st.integers(1, 4))
def test_every_operation_is_dealt_once(weights: dict[str, int], count: int) -> None:
    """Whatever the document and the number of engines, nothing is left out and nothing is tried twice."""
    dealt = [name for share in shares(weights, count) for name in share]
    assert sorted(weights) == sorted(dealt)
    assert shares(weights, count) == shares(dict(reversed(weights.items())), count)
