"""An isolated, empty Redis for each test: a logical database that is leased and emptied again."""

from urllib.parse import urlsplit, urlunsplit

import redis

from harness.errors import ServiceUnavailable
from harness.services.interface import Service

Kept = tuple[tuple[bytes, int, bytes], ...]
"""What a logical database held: each key, its time to live in ms (0: for ever) and its value as Redis dumps it."""


def keep(url: str) -> Kept:
    """Return what a logical database holds."""
    with redis.Redis.from_url(url) as client:
        held = [(key, max(client.pttl(key), 0), client.dump(key)) for key in client.scan_iter()]
        return tuple((key, lives_ms, value) for key, lives_ms, value in held if value is not None)  # expired meanwhile


def restore(url: str, kept: Kept) -> None:
    """Give a logical database what it held before, and nothing else."""
    with redis.Redis.from_url(url) as client, client.pipeline() as commands:
        commands.flushdb()
        for key, lives_ms, value in kept:
            commands.restore(key, lives_ms, value)
        commands.execute()


class Spaces:
    """Leases logical databases of one Redis service.

    `worker` of `workers` takes every `workers`-th one, so that parallel test processes never share.

    Raises:
        ServiceUnavailable: the service has fewer logical databases than there are workers.

    """

    def __init__(self, service: Service, worker: int = 0, workers: int = 1) -> None:
        if service.spaces < workers:
            raise ServiceUnavailable(
                f"redis ({service.provider}) gives {service.spaces} logical database(s), {workers} test processes"
                f" need one each; run with -n {service.spaces} or another provider"
            )
        parts = urlsplit(service.url)
        first = int(parts.path.strip("/") or 0)
        self._parts = parts
        self._free = list(range(first + service.spaces - 1 - worker, first - 1, -workers))

    def lease(self) -> str:
        """Return the URL of an empty logical database.

        Raises:
            ServiceUnavailable: all are leased.

        """
        if not self._free:
            raise ServiceUnavailable("redis: every logical database is leased; release one first")
        return urlunsplit(self._parts._replace(path=f"/{self._free.pop()}"))

    def release(self, url: str) -> None:
        """Empty a leased logical database and take it back."""
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        self._free.append(int(urlsplit(url).path.strip("/")))
