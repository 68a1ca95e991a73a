"""Several engines as one: waited for together, their seconds added up in order, and the lost ones named."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import EXIT_INCONCLUSIVE, EXIT_REQUEST, Inconclusive, RequestError
from loadtests.crew import Crew, Ending
from loadtests.messages import Answer, Begin, Ended, Go, Order, Plan, Ready, Refused, Second, Started, Stop
from loadtests.tally import Sums
from loadtests.tests.samples import profile, second, series

PLAN = Plan(profile=profile(), file="quick.toml", journeys="journeys", seed=1)
OVER = Ended(ended_s=3.5, interrupted=False)


class Engine:
    """An engine that answers each kind of order as a test says; None is its end."""

    def __init__(self, crew: Crew, name: str, answers: dict[type[Order], Sequence[Answer | None]]) -> None:
        self.name = name
        self.told: list[Order] = []
        self.closed = False
        self._crew = crew
        self._answers = answers
        crew.join(self)

    def tell(self, order: Order) -> None:
        """Take an order and say what belongs to it."""
        self.told.append(order)
        for answer in self._answers.get(type(order), ()):
            self._crew.hear(self, answer)

    def close(self) -> None:
        """Note that it was ended."""
        self.closed = True

    def ending(self) -> str:
        """Return how it ended."""
        return "ended with code 9"


def telling(*numbers: int) -> list[Answer | None]:
    """Return seconds with a request each."""
    return [second(number, series(10)) for number in numbers]


def run(*engines: list[Answer | None], silence_s: float = 60) -> tuple[list[Second], Ending]:
    """Let engines begin that say these things; return the seconds of all together, and how it ended."""
    crew = Crew(silence_s)
    for number, said in enumerate(engines, start=1):
        Engine(crew, f"engine {number}", {Begin: said})
    seen: list[Second] = []
    return seen, crew.run(seen.append)


def test_orders_to_all() -> None:
    """Every engine gets its own plan and the same orders, and is waited for."""
    crew = Crew()
    answers: dict[type[Order], Sequence[Answer | None]] = {Plan: [Ready()], Go: [Started()], Begin: [OVER]}
    engines = [Engine(crew, str(number), answers) for number in range(3)]
    plans = [PLAN, Plan(profile=profile(), file="other.toml", journeys="", seed=2), PLAN]
    crew.plan(plans)
    crew.start(Go(base_url="http://127.0.0.1:1"))
    crew.run(lambda _second: None)
    crew.stop()
    crew.close()
    for engine, plan in zip(engines, plans, strict=True):
        assert [plan, Go(base_url="http://127.0.0.1:1"), Begin(), Stop()] == engine.told
        assert engine.closed


@pytest.mark.parametrize(("exit_code", "error"), [(EXIT_REQUEST, RequestError), (EXIT_INCONCLUSIVE, Inconclusive)])
def test_refused_plan(exit_code: int, error: type[Exception]) -> None:
    """What one engine refuses, the run refuses with the same words and exit code."""
    crew = Crew()
    Engine(crew, "good", {Plan: [Ready()]})
    Engine(crew, "bad", {Plan: [Refused(message="no such journey", exit_code=exit_code)]})
    with pytest.raises(error, match=r"^no such journey$"):
        crew.plan([PLAN, PLAN])


def test_ended_before_start() -> None:
    """An engine that ends before it began is named with its end."""
    crew = Crew()
    Engine(crew, "load process 1", {Go: [None]})
    with pytest.raises(Inconclusive, match=r"^load process 1 ended with code 9$"):
        crew.start(Go(base_url="http://127.0.0.1:1"))


def test_pooled_second() -> None:
    """A second of all engines is their sum, handed on when all have told it."""
    seen, ending = run([*telling(0, 1), OVER], [*telling(0, 1), OVER])
    assert [(one.second, Sums([one]).part({0}).total.count) for one in seen] == [(0, 2), (1, 2)]
    assert Ending(3.5, interrupted=False, lost=()) == ending


def test_uneven_ends() -> None:
    """An engine that ends early holds nobody up, and the last end is that of the run."""
    early, late = Ended(ended_s=1.0, interrupted=True), Ended(ended_s=2.5, interrupted=False)
    seen, ending = run([*telling(0), early], [*telling(0, 1, 2), late])
    assert [one.second for one in seen] == [0, 1, 2]
    assert Ending(2.5, interrupted=True, lost=()) == ending


@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4), order=st.randoms(use_true_random=False))
def test_any_interleaving(lengths: list[int], order: random.Random) -> None:
    """However the engines' words interleave, seconds come once, in order, and nothing of them is lost."""
    crew = Crew()
    links = [Engine(crew, str(number), {}) for number in range(len(lengths))]
    waiting = [[*telling(*range(length)), OVER] for length in lengths]
    while any(waiting):
        engine = order.choice([number for number, said in enumerate(waiting) if said])
        crew.hear(links[engine], waiting[engine].pop(0))
    seen: list[Second] = []
    crew.run(seen.append)
    assert list(range(max(lengths))) == [one.second for one in seen]
    assert sum(lengths) == Sums(seen).part({0}).total.count


def test_lost_engine() -> None:
    """An engine that ends without its end is named; what it told counts, and the others go on."""
    seen, ending = run([*telling(0, 1), None], [*telling(0, 1, 2), OVER])
    assert [Sums([one]).part({0}).total.count for one in seen] == [2, 2, 1]
    assert ending.lost == ("engine 1 of 2 ended with code 9 after 2 s: its requests from then on are missing",)


def test_only_engine_lost() -> None:
    """When the only one is lost the run ends at what it told last."""
    seen, ending = run([*telling(0), None])
    assert [one.second for one in seen] == [0]
    assert (ending.ended_s, ending.interrupted) == (1.0, False)
    assert ending.lost == ("engine 1 ended with code 9 after 1 s: its requests from then on are missing",)


def test_silent_engine() -> None:
    """An engine that says nothing any more is given up, with the likely cause."""
    seen, ending = run(telling(0), [*telling(0), OVER], silence_s=0.1)
    assert [Sums([one]).part({0}).total.count for one in seen] == [2]
    (lost,) = ending.lost
    assert "engine 1 of 2 said nothing for 0.1 s (does a journey block its process?) after 1 s" in lost


def test_late_words() -> None:
    """What an engine says after it was lost is not taken in twice or by half."""
    seen, ending = run([*telling(0), None, *telling(1), OVER], [*telling(0, 1), OVER])
    assert [Sums([one]).part({0}).total.count for one in seen] == [2, 1]
    assert len(ending.lost) == 1
