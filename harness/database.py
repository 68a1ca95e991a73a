"""Databases for tests: migrations run once into a template, every test gets a clone of its own.

A template is named after a hash of everything that decides its content. Clones use
`CREATE DATABASE … TEMPLATE … STRATEGY file_copy`: with fsync off that is the quickest way Postgres has.
"""

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from harness.errors import ServiceUnavailable
from harness.services.interface import Service
from harness.wait import wait_for

_CONNECT_TIMEOUT_S = 30
_PREFIX = "harness"
_CLONE = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"


class Database(msgspec.Struct, frozen=True):
    """A database that is ours: its name, and a URL that connects to it."""

    name: str
    url: str


class Databases:
    """Makes and drops the run's databases on one Postgres service; safe to use from several threads."""

    def __init__(self, service: Service) -> None:
        self._url = service.url
        self._prefix = f"{_PREFIX}_{service.run_id}_"
        self._lock = threading.Lock()
        self._counter = 0
        self._connection = psycopg.connect(service.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S)
        self._owner = self._connection.info.backend_pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def template(self, key: str, fill: Callable[[str], None], base: Database | None = None) -> Database:
        """Return the template for a key, made by `fill(url)` the first time; other processes wait for it.

        With a `base` it begins as that one's clone. A template whose filling failed is dropped, so that nobody clones
        half a schema.
        """
        template = self._database(f"template_{key}")
        with self._lock, self._advisory_lock(template.name):
            if not self._exists(template.name):
                self._build(template, fill, base)
        return template

    def clone(self, template: Database) -> Database:
        """Return a new database with the template's content (about 12 ms for an empty schema)."""
        with self._lock:
            self._counter += 1
            clone = self._database(f"{self._owner}_{self._counter}")
            self._run(_CLONE, clone.name, template.name)
        return clone

    def restore(self, database: Database, template: Database) -> None:
        """Give a database the template's content again, under the same name; whoever was connected is sent away.

        Connections are ended first and waited for: DROP DATABASE looks once in 100 ms whether they are gone.
        """
        with self._lock:
            self._send_away(database)
            self._run("DROP DATABASE {}", database.name)
            self._run(_CLONE, database.name, template.name)

    def frozen(self, database: Database) -> Database:
        """Return a template with what a database holds now; whoever was connected to it is sent away, once.

        It is vacuumed: who reads rows that nobody has read before writes that down, which `position` would show.
        """
        with self._lock:
            self._counter += 1
            template = self._database(f"{self._owner}_{self._counter}")
            self._send_away(database)
            self._run(_CLONE, template.name, database.name)
            self._run("ALTER DATABASE {} ALLOW_CONNECTIONS true", database.name)
        with psycopg.connect(template.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            connection.execute("VACUUM (FREEZE)")
        return template

    def position(self) -> str:
        """Return how much the server has written until now: equal answers mean that nobody changed anything.

        The list of databases is read first: the next connection would, and whoever reads a new row writes that down.
        """
        self._connection.execute("SELECT count(*) FROM pg_database")
        found = self._connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        return str(found[0]) if found else ""

    def drop(self, database: Database) -> None:
        """Drop a database and whoever is still connected to it."""
        with self._lock:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database.name)

    def _send_away(self, database: Database) -> None:
        """Let nobody connect any more, and wait until nobody is connected."""
        self._run("ALTER DATABASE {} ALLOW_CONNECTIONS false", database.name)
        wait_for(lambda: self._is_left(database), what=f"the end of connections to {database.name}", timeout_s=30)

    def _is_left(self, database: Database) -> bool:
        """End the connections to a database; whether there were none."""
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        return not self._connection.execute(ended, [database.name]).fetchall()

    def _build(self, template: Database, fill: Callable[[str], None], base: Database | None) -> None:
        unfinished = self._database(f"{template.name.removeprefix(self._prefix)}_unfinished")
        if base is None:
            self._run("CREATE DATABASE {}", unfinished.name)
        else:
            self._run(_CLONE, unfinished.name, base.name)
        try:
            fill(unfinished.url)
            self._run("ALTER DATABASE {} RENAME TO {}", unfinished.name, template.name)
        except BaseException:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished.name)
            raise

    def _database(self, suffix: str) -> Database:
        name = self._prefix + suffix
        return Database(name, urlunsplit(urlsplit(self._url)._replace(path=f"/{name}")))

    def _exists(self, name: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None

    def _run(self, statement: str, *names: str) -> None:
        try:
            self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        except psycopg.OperationalError as error:
            raise ServiceUnavailable(f"postgres: {str(error).strip()}") from error

    @contextlib.contextmanager
    def _advisory_lock(self, name: str) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection.execute("SELECT pg_advisory_lock(%s)", [number])
        try:
            yield
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", [number])


class Pool:
    """Keeps a few clones of one template ready, so that a test waits for none; drops used ones behind its back.

    A thread with a connection of its own does the work. What goes wrong there is raised at the next `lease`.
    """

    def __init__(self, service: Service, template: Database, ahead: int = 4) -> None:
        self._databases = Databases(service)
        self._template = template
        self._ready: queue.Queue[Database | Exception] = queue.Queue()
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        for _ in range(ahead):
            self._work.put(self._clone)
        self._thread = threading.Thread(target=self._keep_up, name="database pool", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def lease(self) -> Database:
        """Return a fresh clone and have the next one made."""
        self._work.put(self._clone)
        leased = self._ready.get()
        if isinstance(leased, Exception):
            raise leased
        return leased

    def release(self, database: Database) -> None:
        """Have a used clone dropped."""
        self._work.put(lambda: self._databases.drop(database))

    def close(self) -> None:
        """Finish the drops, and close the connection; clones that nobody took go with the service."""
        self._work.put(None)
        self._thread.join()
        while not self._ready.empty():
            if isinstance(unused := self._ready.get(), Database):
                self._databases.drop(unused)
        self._databases.__exit__()

    def _keep_up(self) -> None:
        while work := self._work.get():
            try:
                work()
            except (ServiceUnavailable, psycopg.Error) as error:
                self._ready.put(error)

    def _clone(self) -> None:
        self._ready.put(self._databases.clone(self._template))


def adopt_templates(url: str, run_id: str) -> None:
    """Give the templates in a server of ours, started from a kept copy, to this run."""
    with psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^harness_[^_]+_template_'")
        for (name,) in names.fetchall():
            ours = f"{_PREFIX}_{run_id}_{name.split('_', 2)[2]}"
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(name), sql.Identifier(ours)))


def content_hash(parts: Iterable[str], files: Iterable[Path]) -> str:
    """Return a short hash over texts and the content of files and folders (Python's own caches left out)."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    for file in sorted(_expand(files)):
        digest.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _expand(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        inside = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
        yield from (path for path in inside if "__pycache__" not in path.parts)
