"""The store in memory: bounded, and as strict as the one in Redis."""

from reference_app.cache import simple
from reference_app.cache.interface import CacheKey, Made
from reference_app.cache.simple import SimpleStore
from reference_app.cache.store import Entry
from suites.unit.reference_app.still_clock import StillClock

PIPELINE = CacheKey("pipeline", "1", 1)
LIFETIME_S = 60


def keep(store: SimpleStore, key: CacheKey) -> None:
    """Keep an answer under `key`."""
    store.keep(key, "nobody", Entry(Made("made", 1), store.look(key).mark, 0), LIFETIME_S)


def test_claims() -> None:
    """One caller at a time holds a claim, until it is given up under its token or its time is over."""
    clock = StillClock()
    store = SimpleStore(clock)
    assert store.claim(PIPELINE, "mine", 10) is not None
    store.give_up(PIPELINE, "another's")
    assert store.claim(PIPELINE, "another's", 10) is None
    clock.now_s = 10
    assert store.claim(PIPELINE, "another's", 10) is not None
    store.give_up(PIPELINE, "another's")
    assert store.claim(PIPELINE, "mine", 10) is not None


def test_entries_are_bounded() -> None:
    """Beyond the most, the entry that was kept first goes."""
    store = SimpleStore()
    keep(store, PIPELINE)
    for number in range(simple.MOST_ENTRIES):
        keep(store, CacheKey("pipelines", str(number)))
    assert store.look(PIPELINE).entry is None
    assert store.look(CacheKey("pipelines", "0")).entry is not None


def test_floors_are_bounded() -> None:
    """When there are too many floors they go, and with them every object that they might have kept out."""
    store = SimpleStore()
    before = store.look(PIPELINE)
    store.raise_floors({1: 2}, LIFETIME_S)
    assert store.look(PIPELINE).floor == 2
    store.raise_floors(dict.fromkeys(range(2, simple.MOST_ENTRIES + 2), 1), LIFETIME_S)
    after = store.look(PIPELINE)
    assert (after.floor, after.mark == before.mark) == (0, False)
