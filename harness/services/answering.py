"""What is asked of a server right after its start: whether it answers, as which version, and a password of its own."""

from pathlib import Path

import psycopg
import redis
from psycopg import sql

from harness.errors import ServiceUnavailable, TimedOut
from harness.guardian import GuardedProcess
from harness.wait import wait_for

_TIMEOUT_S = 2
START_TIMEOUT_S = 30.0


def postgres_version(url: str) -> str | None:
    """Return what Postgres says it is, or None while it does not accept connections."""
    try:
        with psycopg.connect(url, connect_timeout=_TIMEOUT_S) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            return str(row[0]) if row else None
    except psycopg.OperationalError:
        return None


def redis_version(url: str) -> str | None:
    """Return what Redis or Valkey says it is, or None while it does not answer."""
    with redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S) as client:
        try:
            facts = client.info("server")
        except (redis.ConnectionError, redis.BusyLoadingError):
            return None
    name = facts.get("server_name", "redis")
    return f"{name} {facts.get(f'{name}_version', facts['redis_version'])}"


def set_password(url: str, password: str) -> None:
    """Give the Postgres user of a URL another password."""
    with psycopg.connect(url, connect_timeout=int(START_TIMEOUT_S)) as connection:
        user = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, sql.Literal(password)))


def until_it_answers(server: GuardedProcess, url: str) -> str:
    """Return the version that a server of ours reports, as soon as it answers at its URL.

    Raises:
        ServiceUnavailable: it ended, or did not answer in time; shows its last output.

    """
    name = Path(server.argv[0]).name
    asked = postgres_version if url.startswith("postgresql") else redis_version

    def version() -> str | None:
        if (code := server.exit_code) is not None:
            raise ServiceUnavailable(f"{name} ended at once with code {code}:{server.last_output()}")
        return asked(url)

    try:
        return wait_for(version, what=f"an answer of {name}", timeout_s=START_TIMEOUT_S)
    except TimedOut as error:
        raise ServiceUnavailable(f"{error}:{server.last_output()}") from error
