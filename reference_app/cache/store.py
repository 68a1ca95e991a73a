"""Where a read-through cache keeps its entries: in Redis for all processes, or in the memory of one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from reference_app.cache.interface import CacheKey, Entry, Sight
from reference_app.redis_gate import Command


class CacheDownError(Exception):
    """The store does not answer."""


class Store(ABC):
    """All methods raise `CacheDownError`."""

    @abstractmethod
    def look(self, key: CacheKey) -> Sight:
        """Return what is there, seen at one moment."""

    def foresee(self, key: CacheKey) -> Sequence[Command]:  # noqa: ARG002 - a store in memory asks Redis nothing
        """Return what `look` is going to ask Redis."""
        return ()

    @abstractmethod
    def claim(self, key: CacheKey, token: str, longest_s: float) -> Sight | None:
        """Become the one who fills `key`, for `longest_s` at most; None when somebody else is."""

    @abstractmethod
    def keep(self, key: CacheKey, token: str, entry: Entry, lifetime_s: float) -> None:
        """Keep the entry, and give up the claim."""

    @abstractmethod
    def give_up(self, key: CacheKey, token: str) -> None:
        """Give up the claim, if it is still held under `token`."""

    @abstractmethod
    def raise_floors(self, versions: Mapping[int, int], lifetime_s: float) -> None:
        """Set the floors of these pipelines; they may be forgotten after `lifetime_s`."""

    @abstractmethod
    def forget(self, *, objects: bool) -> None:
        """Replace the mark of collections, and with `objects` also that of objects."""
