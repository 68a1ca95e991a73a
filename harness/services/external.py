"""The `external` provider: services that somebody else runs, named by `DATABASE_URL` and `REDIS_URL`.

It touches nothing that it did not create. On Postgres it makes databases of its own, named `harness_RUN_…`, and
refuses a database that has tables, since a URL that leads to data is more likely a mistake than a wish. On Redis
it takes the logical database of the URL, and the following ones where `PROVING_GROUND_REDIS_SPACES` says how many are
ours; it refuses one that holds keys, and leaves them empty. A finalizer drops what the run created, also when the run
is killed.
"""

import os
import sys
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from harness.errors import NotOurs, RequestError, ServiceUnavailable
from harness.services.interface import Provider, Service
from harness.target import ServiceName

VARIABLES: dict[ServiceName, str] = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
_SCHEMES: dict[ServiceName, tuple[str, ...]] = {
    "postgres": ("postgresql", "postgres"),
    "redis": ("redis", "rediss"),
}
SPACES_VARIABLE = "PROVING_GROUND_REDIS_SPACES"
_TIMEOUT_S = 20
_CLAIM = "harness-"  # a connection of this name claims its logical database: no key is written, and it ends with us

_COUNT_TABLES = """
    SELECT count(*) FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
"""


class External(Provider):
    """Somebody else's servers."""

    name: ClassVar[str] = "external"

    def check(self, service: ServiceName) -> None:
        """Prove that the variable is set and holds a URL of the right kind."""
        _url(service)

    def start(self, service: ServiceName) -> Service:
        """Connect, refuse what is not empty, and hand the guardian the way to clean up."""
        url = _url(service)
        version = {"postgres": self._accept_postgres, "redis": self._accept_redis}[service](url)
        variable = VARIABLES[service]
        self.guardian.at_end(
            [sys.executable, "-m", "harness.services.external", service, self.run_id],
            {**os.environ, variable: url},
        )
        return Service(
            name=service,
            url=url,
            version=version,
            provider=self.name,
            origin=variable,
            run_id=self.run_id,
            spaces=_spaces() if service == "redis" else 1,
        )

    def _accept_postgres(self, url: str) -> str:
        try:
            with psycopg.connect(url, connect_timeout=_TIMEOUT_S) as connection:
                tables = connection.execute(_COUNT_TABLES).fetchone()
                version = connection.execute("SHOW server_version").fetchone()
        except psycopg.OperationalError as error:
            raise ServiceUnavailable(f"DATABASE_URL: {_place(url)} cannot be reached: {_first_line(error)}") from None
        if tables and tables[0]:
            raise NotOurs(
                f"DATABASE_URL: {_place(url)} has {tables[0]} tables; name an empty database"
                " (the harness makes its own beside it), it was not touched"
            )
        return str(version[0]) if version else "unknown"

    def _accept_redis(self, url: str) -> str:
        self._claims = [self._claim(place) for place in _redis_urls(url)]
        return str(self._claims[0].info("server")["redis_version"])

    def _claim(self, url: str) -> redis.Redis:
        """Return a connection that claims a logical database for this run, which must be free and empty."""
        name = f"{_CLAIM}{self.run_id}"
        client = redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S, decode_responses=True, client_name=name)
        try:
            number = str(client.client_info()["db"])
            claims = {other["name"] for other in client.client_list() if other["db"] == number}
            keys = client.dbsize()
        except redis.RedisError as error:
            raise ServiceUnavailable(f"REDIS_URL: {_place(url)} cannot be used: {_first_line(error)}") from None
        if any(claim.startswith(_CLAIM) and claim != name for claim in claims):
            raise NotOurs(f"REDIS_URL: {_place(url)} is in use by another run; name another logical database")
        if keys:
            raise NotOurs(
                f"REDIS_URL: {_place(url)} holds {keys} keys; name an empty logical database, it was not touched"
            )
        return client


def _redis_urls(url: str) -> list[str]:
    """Return the URLs of the logical databases that are ours: the given one, and as many more as we were told."""
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return [urlunsplit(parts._replace(path=f"/{first + offset}")) for offset in range(_spaces())]


def _spaces() -> int:
    given = os.environ.get(SPACES_VARIABLE, "1")
    if not given.isdecimal() or int(given) < 1:
        raise RequestError(f"{SPACES_VARIABLE}: {given!r} is not a number of logical databases, 1 or more")
    return int(given)


def _url(service: ServiceName) -> str:
    variable = VARIABLES[service]
    url = os.environ.get(variable)
    if not url:
        raise RequestError(f"--services external: {variable} is not set; give it the URL of a running {service}")
    if urlsplit(url).scheme not in _SCHEMES[service] or not urlsplit(url).hostname:
        raise RequestError(f"{variable}: not a URL that starts with {_SCHEMES[service][0]}:// and names a host")
    return url


def _place(url: str) -> str:
    """Return host, port and database: a URL without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 'default port'}{parts.path}"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


def clean_up(service: ServiceName, run_id: str) -> None:
    """Drop every database of a run, or empty the logical database that it claimed."""
    {"postgres": _drop_databases, "redis": _flush}[service](_url(service), run_id)


def _drop_databases(url: str, run_id: str) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=_TIMEOUT_S) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"harness_{run_id}_"]
        ).fetchall()
        for (name,) in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _flush(url: str, _run_id: str) -> None:
    """Empty the logical databases: they were empty when the run claimed them, so all in them is the run's."""
    for place in _redis_urls(url):
        with redis.Redis.from_url(place, socket_timeout=_TIMEOUT_S) as client:
            client.flushdb()


if __name__ == "__main__":
    clean_up(sys.argv[1], sys.argv[2])  # type: ignore[arg-type] # the guardian calls what `start` wrote
