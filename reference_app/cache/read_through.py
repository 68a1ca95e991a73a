"""The cache proper: looks into a store, lets one caller fill what is missing, and falls back on what is too old."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reference_app.breaker import Breaker
from reference_app.cache.interface import Answer, Cache, CacheKey, CacheState, Entry, Fill, Sight
from reference_app.cache.store import CacheDownError, Store
from reference_app.database import UNAVAILABLE
from reference_app.metrics import Metrics
from reference_app.redis_gate import Command

FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.05


@dataclass(frozen=True)
class CacheTimes:
    """Seconds. How long an answer is `fresh`, and how much longer it may stand in while Postgres is slow (`stale`).

    `wait` is for another's fill, `claim` outlives the longest fill; with something to stand in, a fill gets the
    statement timeout `hurried`, and after one that failed Postgres is left alone for `retry`.
    """

    fresh: float
    stale: float
    wait: float
    claim: float
    hurried: float
    retry: float

    @property
    def lifetime(self) -> float:
        """How long entries and floors are kept."""
        return self.fresh + self.stale


class ReadThroughCache(Cache):
    """Keeps answers in `store`. All callers who miss the same answer together cause one fill."""

    def __init__(
        self, store: Store, times: CacheTimes, metrics: Metrics, now_s: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._times = times
        self._metrics = metrics
        self._now_s = now_s
        self._postgres = Breaker(times.retry)
        self._owes_invalidation = False

    def answer(self, key: CacheKey, fill: Fill, sight: Sight | None = None) -> Answer:
        """Return the kept answer, or what `fill` makes; raises what `fill` raises."""
        try:
            answer = self._find(key, fill, sight or self._look(key))
        except CacheDownError:
            answer = Answer(fill(None), CacheState.BYPASS)
        return self._counted(key, answer)

    def look(self, key: CacheKey) -> Sight | None:
        """Return what is kept; None when the store does not answer."""
        try:
            return self._look(key)
        except CacheDownError:
            return None

    def kept(self, key: CacheKey, sight: Sight) -> Answer | None:
        """Return the kept answer if it is fresh, for who needs no other."""
        if sight.entry is None or not self._is_fresh(sight.entry, sight, sight.mark):
            return None
        return self._counted(key, self._aged(sight.entry, CacheState.HIT))

    def foresee(self, key: CacheKey) -> Sequence[Command]:
        """Return what `look` is going to ask Redis; nothing while it has to tell Redis something first."""
        return () if self._owes_invalidation else self._store.foresee(key)

    def raise_floors(self, versions: Mapping[int, int]) -> None:
        """Never again serve objects of these pipelines below these versions."""
        self._invalidate(lambda: self._store.raise_floors(versions, self._times.lifetime))

    def forget_collections(self) -> None:
        """Serve no collection as fresh that was made before now."""
        self._invalidate(lambda: self._store.forget(objects=False))

    def forget_everything(self) -> None:
        """Serve nothing as fresh that was made before now."""
        self._invalidate(lambda: self._store.forget(objects=True))

    def _invalidate(self, command: Callable[[], None]) -> None:
        """Tell the store; what it did not take, it is told before this process reads from it again."""
        try:
            command()
        except CacheDownError:
            self._owes_invalidation = True
            self._metrics.cache_write_failures.inc()

    def _look(self, key: CacheKey) -> Sight:
        if self._owes_invalidation:
            self._store.forget(objects=True)
            self._owes_invalidation = False
        return self._store.look(key)

    def _find(self, key: CacheKey, fill: Fill, sight: Sight) -> Answer:
        if sight.entry and self._is_fresh(sight.entry, sight, sight.mark):
            return self._aged(sight.entry, CacheState.HIT)
        stale = self._stand_in(key, sight)
        if stale and not self._postgres.may_try():
            return self._aged(stale, CacheState.STALE)
        return self._fill_once(key, fill, sight)

    def _fill_once(self, key: CacheKey, fill: Fill, first: Sight) -> Answer:
        """Fill, or wait for somebody else's fill; one that began after this caller came is fresh to this caller."""
        token = secrets.token_hex(8)
        deadline_s = self._now_s() + self._times.wait
        pause_s = FIRST_PAUSE_S
        while True:
            claimed = self._store.claim(key, token, self._times.claim)
            sight = claimed or self._store.look(key)
            if sight.entry and self._is_fresh(sight.entry, sight, first.mark):
                if claimed:
                    self._store.give_up(key, token)
                return self._aged(sight.entry, CacheState.HIT)
            if claimed or self._now_s() >= deadline_s:
                return self._fill(key, fill, sight, token)
            stale = self._stand_in(key, sight)
            if stale and self._postgres.is_shut:
                return self._aged(stale, CacheState.STALE)
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _fill(self, key: CacheKey, fill: Fill, sight: Sight, token: str) -> Answer:
        stale = self._stand_in(key, sight)
        began_s = self._now_s()
        try:
            made = fill(self._times.hurried if stale else None)
        except UNAVAILABLE:
            self._postgres.failed()
            self._give_up(key, token)
            if stale is None:
                raise
            return self._aged(stale, CacheState.STALE)
        except Exception:
            self._give_up(key, token)
            raise
        self._postgres.worked()
        self._metrics.count_fill(key.kind)
        self._keep(key, token, Entry(made, sight.mark, began_s))
        return Answer(made, CacheState.MISS)

    def _keep(self, key: CacheKey, token: str, entry: Entry) -> None:
        try:
            self._store.keep(key, token, entry, self._times.lifetime)
        except CacheDownError:
            return  # it is made, and good; only the next caller has to make it again

    def _give_up(self, key: CacheKey, token: str) -> None:
        try:
            self._store.give_up(key, token)
        except CacheDownError:
            return  # the claim ends by itself

    def _is_fresh(self, entry: Entry, sight: Sight, mark_before: str) -> bool:
        return (
            entry.mark in {sight.mark, mark_before}
            and entry.made.version >= sight.floor
            and self._now_s() - entry.made_at_s < self._times.fresh
        )

    def _stand_in(self, key: CacheKey, sight: Sight) -> Entry | None:
        """Return the entry if it may be served while Postgres does not answer.

        A collection may miss writes then; an object never does.
        """
        entry = sight.entry
        if entry is None or self._now_s() - entry.made_at_s >= self._times.lifetime:
            return None
        is_current = entry.made.version >= sight.floor and (key.pipeline_id is None or entry.mark == sight.mark)
        return entry if is_current else None

    def _counted(self, key: CacheKey, answer: Answer) -> Answer:
        self._metrics.count_lookup(key.kind, answer.state.value.lower())
        return answer

    def _aged(self, entry: Entry, state: CacheState) -> Answer:
        return Answer(entry.made, state, max(0, int(self._now_s() - entry.made_at_s)))
