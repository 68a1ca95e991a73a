"""A Redis as it is deployed, that a test may stop, kill, fill and start again."""

import secrets
from pathlib import Path

from redis import Redis

from harness.guardian import GuardedProcess, Guardian
from harness.ports import LOOPBACK, free_port
from harness.services.answering import until_it_answers
from harness.services.binaries import redis_server

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "redis" / "redis.conf"


class OwnRedis:
    """Runs with `deploy/redis/redis.conf` and `options` beside it, always on the same port and folder."""

    def __init__(self, guardian: Guardian, folder: Path, options: tuple[str, ...]) -> None:
        self._guardian = guardian
        self._folder = folder
        password, port = secrets.token_hex(16), free_port()
        self.url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        self._options = ("--port", str(port), "--requirepass", password, "--dir", str(folder), *options)
        self.process = self.start()

    def start(self) -> GuardedProcess:
        """Start it, and wait until it answers."""
        argv: list[str | Path] = [redis_server(), CONFIGURATION, *self._options]
        self.process = self._guardian.spawn(argv, output=self._folder / "redis.log", cwd=self._folder)
        until_it_answers(self.process, self.url)
        return self.process

    def stop(self) -> None:
        """Let it end as it does when it is told to."""
        self.process.stop(grace_s=60)

    def client(self) -> Redis:
        """Return a client."""
        return Redis.from_url(self.url, decode_responses=True)
