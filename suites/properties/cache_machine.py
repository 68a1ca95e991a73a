"""Processes that write and read through caches, and what they may be told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from reference_app.cache.interface import CacheKey, CacheState, Made
from reference_app.cache.read_through import CacheTimes, ReadThroughCache
from reference_app.database import Database
from reference_app.models import Pipeline, PipelineStatus
from reference_app.repositories.pipeline_view import PipelineFilter, PipelineViewRepository
from suites.unit.reference_app.still_clock import StillClock

TIMES = CacheTimes(fresh=30, stale=300, wait=60, claim=60, hurried=60, retry=0)
LONG_S = 10_000
"""After that nothing of an earlier example can be given any more."""
THE_LIST = CacheKey("pipelines", "all")
Postgres = Literal["up", "down", "overtaken"]
"""What happens while an answer is made: nothing, an outage, or somebody else's write."""
places = st.integers(0, 2)
rows = st.integers(0, 3)


@dataclass(frozen=True)
class Process:
    """One process: its connections and its cache, and the places of those that hear of its writes."""

    database: Database
    cache: ReadThroughCache
    heard_by: frozenset[int]

    def made(self, key: CacheKey) -> Made:
        """Make an answer from Postgres, as the views do; `LookupError` without the pipeline."""
        with self.database.reading() as reader:
            views = PipelineViewRepository(reader)
            if key.pipeline_id is None:
                page = views.list_page(PipelineFilter(), limit=1000)
                return Made(json.dumps([each.fields["name"] for each in reversed(page.items)]))
            shown = views.get(key.pipeline_id)
        if shown is None:
            raise LookupError
        return Made(json.dumps(shown.fields["name"]), shown.version)


class CacheMachine(RuleBasedStateMachine):
    """What is called fresh holds the last write that its process could hear of, and no answer is older than promised.

    `moments` are all states that Postgres was in, each with the time from which on.
    """

    def __init__(self, processes: Sequence[Process], clock: StillClock, owner_id: int) -> None:
        super().__init__()
        self.processes = processes
        self.clock = clock
        self.owner_id = owner_id
        clock.now_s += LONG_S
        self.moments: list[tuple[float, dict[int, str]]] = [(clock.now_s, {})]
        self.heard: list[dict[CacheKey, int]] = [{} for _ in processes]
        """The moment below which each process gives no fresh answer."""
        with processes[0].database.engine.begin() as connection:
            connection.execute(text("TRUNCATE pipelines CASCADE"))
        for process in processes:
            process.cache.forget_everything()

    @rule(place=places)
    def create(self, place: int) -> None:
        """Add a pipeline."""
        with self.processes[place].database.transaction() as session:
            row = Pipeline(name="new", branch="main", status=PipelineStatus.QUEUED, owner_id=self.owner_id)
            session.add(row)
            session.flush()
            identity = row.id
        self._written(place, identity, self._present() | {identity: "new"})

    @precondition(lambda self: self._present())
    @rule(place=places, row=rows)
    def rename(self, place: int, row: int) -> None:
        """Change a pipeline."""
        self._rename(place, row)

    @precondition(lambda self: self._present())
    @rule(place=places, row=rows)
    def delete(self, place: int, row: int) -> None:
        """Delete a pipeline."""
        identity = self._at(row)
        with self.processes[place].database.transaction() as session:
            session.delete(session.get_one(Pipeline, identity))
        left = {other: name for other, name in self._present().items() if other != identity}
        self._written(place, identity, left)

    @precondition(lambda self: self._present())
    @rule(place=places, row=rows)
    def think_better_of_it(self, place: int, row: int) -> None:
        """Change a pipeline, and roll back."""
        with self.processes[place].database.transaction() as session:
            session.get_one(Pipeline, self._at(row)).name = "never committed"
            session.flush()
            session.rollback()

    @rule(passed_s=st.sampled_from([0.5, 29.0, 31.0, 290.0, 331.0]))
    def wait(self, passed_s: float) -> None:
        """Let time pass."""
        self.clock.now_s += passed_s

    @rule(place=places, postgres=st.sampled_from(["up", "down", "overtaken"]), writer=places)
    def read_list(self, place: int, postgres: Postgres, writer: int) -> None:
        """Ask for the list."""
        self._read(place, THE_LIST, postgres, writer)

    @precondition(lambda self: len(self.moments) > 1)
    @rule(place=places, which=st.integers(0, 5), postgres=st.sampled_from(["up", "down", "overtaken"]), writer=places)
    def read_one(self, place: int, which: int, postgres: Postgres, writer: int) -> None:
        """Ask for a pipeline that there is or was."""
        known = sorted({identity for _, state in self.moments for identity in state})
        self._read(place, _key_of(known[which % len(known)]), postgres, writer)

    def _read(self, place: int, key: CacheKey, postgres: Postgres, writer: int) -> None:
        process, began = self.processes[place], len(self.moments) - 1

        def fill(_timeout_s: float | None) -> Made:
            if postgres == "down":
                raise OperationalError("SELECT", {}, ConnectionRefusedError())
            made = process.made(key)
            if postgres == "overtaken" and self._present():
                self._rename(writer, 0)
            return made

        try:
            answer = process.cache.answer(key, fill)
        except OperationalError:
            assert postgres == "down"
            return
        except LookupError:
            assert key.pipeline_id not in self.moments[began][1]
            return
        possible = self._possible(place, key, answer.state, began)
        assert answer.made.body in {_told(self.moments[moment][1], key) for moment in possible}

    def _possible(self, place: int, key: CacheKey, state: CacheState, began: int) -> list[int]:
        """Return the moments that an answer in this state may tell of."""
        if state in {CacheState.MISS, CacheState.BYPASS}:
            return [began]
        oldest_s = self.clock.now_s - (TIMES.fresh if state is CacheState.HIT else TIMES.lifetime)
        may_miss_writes = state is CacheState.STALE and key is THE_LIST
        first = 0 if may_miss_writes else self.heard[place].get(key, 0)
        ends_s = [since_s for since_s, _ in self.moments[1:]] + [float("inf")]
        return [moment for moment in range(first, len(self.moments)) if ends_s[moment] > oldest_s]

    def _rename(self, place: int, row: int) -> None:
        identity, name = self._at(row), f"name {len(self.moments)}"
        with self.processes[place].database.transaction() as session:
            session.get_one(Pipeline, identity).name = name
        self._written(place, identity, self._present() | {identity: name})

    def _written(self, place: int, identity: int, state: dict[int, str]) -> None:
        self.moments.append((self.clock.now_s, state))
        for other in self.processes[place].heard_by:
            self.heard[other] |= dict.fromkeys([THE_LIST, _key_of(identity)], len(self.moments) - 1)

    def _present(self) -> dict[int, str]:
        return self.moments[-1][1]

    def _at(self, row: int) -> int:
        present = sorted(self._present())
        return present[row % len(present)]


def _key_of(identity: int) -> CacheKey:
    return CacheKey("pipeline", str(identity), identity)


def _told(state: dict[int, str], key: CacheKey) -> str:
    """Return what an answer says that was made of this state."""
    if key.pipeline_id is None:
        return json.dumps([name for _, name in sorted(state.items())])
    return json.dumps(state.get(key.pipeline_id))
