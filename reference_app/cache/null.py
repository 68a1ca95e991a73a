"""No cache: every answer is made anew."""

from collections.abc import Mapping

from reference_app.cache.interface import Answer, Cache, CacheKey, CacheState, Fill, Sight


class NullCache(Cache):
    """Keeps nothing."""

    def answer(self, key: CacheKey, fill: Fill, sight: Sight | None = None) -> Answer:  # noqa: ARG002 - nothing is kept under any key
        """Return what `fill` makes."""
        return Answer(fill(None), CacheState.BYPASS)

    def raise_floors(self, versions: Mapping[int, int]) -> None:
        """Do nothing: nothing is kept."""

    def forget_collections(self) -> None:
        """Do nothing: nothing is kept."""

    def forget_everything(self) -> None:
        """Do nothing: nothing is kept."""
