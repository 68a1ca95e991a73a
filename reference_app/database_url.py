"""Where Postgres is, as a URL in the one form that SQLAlchemy gets."""

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg"
_ACCEPTED_SCHEMES = ("postgresql", "postgres", DRIVER)


def with_driver(url: str) -> str:
    """Return `url` with the psycopg 3 driver named; `ValueError` when it is no Postgres URL."""
    scheme, _, rest = url.partition("://")
    named = f"{DRIVER}://{rest}"
    if scheme not in _ACCEPTED_SCHEMES or not rest or not _is_readable(named):
        raise ValueError("must be a URL like postgresql://user:password@host:5432/name")
    return named


def _is_readable(url: str) -> bool:
    try:
        make_url(url)
    except (ArgumentError, ValueError):  # a port, for one, that is no number
        return False
    return True
