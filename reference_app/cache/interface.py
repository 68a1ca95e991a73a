"""What a cache of answers promises.

A *collection* (a list, statistics) is made from many pipelines; an *object* from one. While the cache can be
reached, no answer that is called fresh is older than the last acknowledged write to what it was made from.
Where an invalidation cannot be delivered (Redis does not take it, or the cache is `simple` and the write
happened in another process), the promise is that no fresh answer is older than `cache_default_timeout`.
Eviction in Redis weakens the promise in the same way, so Redis should run with `noeviction` or `volatile-ttl`.
Ages are told by the clocks of the processes, which are taken to agree.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reference_app.redis_gate import Command

GONE = 2**62
"""The floor of a pipeline that was deleted: no version reaches it."""


class CacheState(StrEnum):
    """What X-Cache says: kept, made now, kept too long but the best to be had, or not asked."""

    HIT = "HIT"
    MISS = "MISS"
    STALE = "STALE"
    BYPASS = "BYPASS"


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Names an answer. `pipeline_id` makes it an object's; without one it is a collection's."""

    kind: str
    name: str
    pipeline_id: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new answer: JSON text, and for an object's the version of the row it was made from."""

    body: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and where it came from; `age_s` counts from the moment before its query."""

    made: Made
    state: CacheState
    age_s: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer, the mark that was up when its query began, and when that was (seconds since the epoch)."""

    made: Made
    mark: str
    made_at_s: float


@dataclass(frozen=True, slots=True)
class Sight:
    """What was kept at one moment.

    `mark` is replaced by every write to what such an answer is made from (a collection's), or when everything
    is forgotten (an object's). `floor` is the lowest version that may be served.
    """

    mark: str
    floor: int
    entry: Entry | None


Fill = Callable[[float | None], Made]
"""Makes the answer from Postgres; the number is a statement timeout (s) below the usual, None keeps the usual."""


class Cache(ABC):
    """Keeps answers."""

    @abstractmethod
    def answer(self, key: CacheKey, fill: Fill, sight: Sight | None = None) -> Answer:
        """Return the kept answer, or what `fill` makes; raises what `fill` raises.

        Who has looked already says what was seen, and is not made to look again.
        """

    def look(self, key: CacheKey) -> Sight | None:  # noqa: ARG002 - a cache that keeps nothing sees nothing
        """Return what is kept; None when there is nothing to look at."""
        return None

    def kept(self, key: CacheKey, sight: Sight) -> Answer | None:  # noqa: ARG002 - as above
        """Return the kept answer if it is fresh, for who needs no other."""
        return None

    def foresee(self, key: CacheKey) -> Sequence[Command]:  # noqa: ARG002 - a cache without Redis asks it nothing
        """Return what `look` is going to ask Redis."""
        return ()

    @abstractmethod
    def raise_floors(self, versions: Mapping[int, int]) -> None:
        """Never again serve objects of these pipelines below these versions; called before the commit."""

    @abstractmethod
    def forget_collections(self) -> None:
        """Serve no collection as fresh that was made before now; called after the commit."""

    @abstractmethod
    def forget_everything(self) -> None:
        """Serve nothing as fresh that was made before now; for changes made past the ORM, like a bulk load."""
