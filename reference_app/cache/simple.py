"""Entries in the memory of one process: other processes see a write when their entry is too old."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import count

from reference_app.cache.interface import CacheKey, Entry, Sight
from reference_app.cache.store import Store

MOST_ENTRIES = 10_000
"""Beyond this the entry that was kept first goes: clients choose the filters, and with them the keys."""


class SimpleStore(Store):
    """A dictionary behind a lock, which is never held while an answer is made. Never raises `CacheDownError`."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._entries: OrderedDict[CacheKey, Entry] = OrderedDict()
        self._claims: dict[CacheKey, tuple[str, float]] = {}
        self._floors: dict[int, int] = {}
        self._numbers = count()
        self._marks = {True: "", False: ""}

    def look(self, key: CacheKey) -> Sight:
        """Return what is there."""
        with self._lock:
            return self._sight(key)

    def claim(self, key: CacheKey, token: str, longest_s: float) -> Sight | None:
        """Become the one who fills `key`, for `longest_s` at most; None when somebody else is."""
        with self._lock:
            now_s = self._now_s()
            if key in self._claims and now_s < self._claims[key][1]:
                return None
            self._claims[key] = (token, now_s + longest_s)
            return self._sight(key)

    def keep(self, key: CacheKey, token: str, entry: Entry, lifetime_s: float) -> None:  # noqa: ARG002 - bounded by number
        """Keep the entry, and give up the claim."""
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > MOST_ENTRIES:
                self._entries.popitem(last=False)
        self.give_up(key, token)

    def give_up(self, key: CacheKey, token: str) -> None:
        """Give up the claim, if it is still held under `token`."""
        with self._lock:
            if key in self._claims and self._claims[key][0] == token:
                del self._claims[key]

    def raise_floors(self, versions: Mapping[int, int], lifetime_s: float) -> None:  # noqa: ARG002 - bounded by number
        """Set the floors of these pipelines."""
        with self._lock:
            self._floors.update(versions)
            if len(self._floors) > MOST_ENTRIES:
                self._floors.clear()
                self._marks[True] = str(next(self._numbers))  # what the floors kept out must not come back

    def forget(self, *, objects: bool) -> None:
        """Replace the marks."""
        with self._lock:
            for of_object in (False, True) if objects else (False,):
                self._marks[of_object] = str(next(self._numbers))

    def _sight(self, key: CacheKey) -> Sight:
        floor = 0 if key.pipeline_id is None else self._floors.get(key.pipeline_id, 0)
        return Sight(self._marks[key.pipeline_id is not None], floor, self._entries.get(key))
