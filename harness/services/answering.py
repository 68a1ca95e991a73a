"""What is asked of a server right after its start: whether it answers, as which version, and a password of its own."""

import psycopg
import redis
from psycopg import sql

_TIMEOUT_S = 2


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
    with psycopg.connect(url, connect_timeout=_TIMEOUT_S) as connection:
        user = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(user, sql.Literal(password)))
