"""The state that a target began with, and the way back to it: a clone of its database, not a restart."""

import msgspec

from harness.database import Database, Databases
from harness.services.spaces import Kept, keep, restore


class Stored(msgspec.Struct, frozen=True):
    """The target's database, and the template that it is a clone of."""

    databases: Databases
    clone: Database
    template: Database


class Seed:
    """What the target's Postgres and Redis held when it had just been started, or when somebody had it kept."""

    def __init__(self, stored: Stored | None, redis_url: str | None) -> None:
        self._stored = stored
        self._redis_url = redis_url
        self._kept: Kept = keep(redis_url) if redis_url else ()
        self._position = self._written()

    @property
    def is_of_services(self) -> bool:
        """Whether it is held by a service; else the target keeps what it has in its process, or in files."""
        return self._stored is not None or self._redis_url is not None

    def restore(self) -> bool:
        """Bring both services back to it, between two requests; whether Postgres had to be cloned anew.

        Where nothing was written to Postgres meanwhile, its database and the target's connections stay.
        """
        if self._redis_url:
            restore(self._redis_url, self._kept)
        if self._stored is None or self._written() == self._position:
            return False
        self._stored.databases.restore(self._stored.clone, self._stored.template)
        self._position = self._written()
        return True

    def keep(self) -> bool:
        """Take what both services hold now as the seed, such as sessions; whether connections to Postgres ended.

        The target must be idle.
        """
        written = self._stored is not None and self._written() != self._position
        if self._stored is not None and written:
            template = self._stored.databases.frozen(self._stored.clone)
            self._stored = msgspec.structs.replace(self._stored, template=template)
            self._position = self._written()
        if self._redis_url:
            self._kept = keep(self._redis_url)
        return written

    def _written(self) -> str:
        return self._stored.databases.position() if self._stored else ""
