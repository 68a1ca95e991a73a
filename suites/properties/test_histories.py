"""Histories: what clients of several worker processes were told at once could have happened one after the other."""

import random
from collections.abc import Callable, Sequence

import pytest

from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.server import Server
from suites.properties.history_players import START, Place, Step, make_plans, make_register, play
from suites.properties.linearizability import counterexample, told
from suites.properties.register_operations import Changed, Operation

CLIENTS, STEPS, ROUNDS = 6, 8, 15
SPECIMEN = "suites.specimens.faults:application"


def contradiction(place: Place, chance: random.Random) -> Sequence[Operation]:
    """Return the fewest operations of one round that no order explains; none if there is an order.

    The last is a read after all else: it must see what was acknowledged last.
    """
    path = make_register(place)
    history = play(place, path, make_plans(chance, CLIENTS, STEPS)) + play(place, path, [[Step.READ]])
    return counterexample(history, START)


def test_linearizable(serve: Callable[..., Server], auth: Auth, seed: int) -> None:
    """Reads and conditional changes of a pipeline, by six clients of two processes, are linearizable."""
    server = serve(WEB_CONCURRENCY="2")
    place, chance = Place(server.port, auth.login("alice")), random.Random(seed)  # noqa: S311 - the run's seed
    for number in range(ROUNDS):
        found = contradiction(place, chance)
        assert not found, f"round {number + 1}: no order explains\n{told(found)}"


@pytest.mark.parametrize("fault", ["lost_update", "stale_read"])
def test_planted_fault_is_found(serve: Callable[..., Server], auth: Auth, seed: int, fault: str) -> None:
    """A server that loses updates, or reads what is over, is found in one round, by two operations at most."""
    server = serve(WEB_CONCURRENCY="2", application=SPECIMEN, FAULT=fault)
    place, chance = Place(server.port, auth.login("alice")), random.Random(seed)  # noqa: S311 - the run's seed
    found = contradiction(place, chance)
    assert 1 <= len(found) <= 2, told(found)
    assert any(isinstance(each, Changed) for each in found)
