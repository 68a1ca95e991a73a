"""Where Postgres is, as a URL in the one form that SQLAlchemy gets."""

DRIVER = "postgresql+psycopg"
_ACCEPTED_SCHEMES = ("postgresql", "postgres", DRIVER)


def with_driver(url: str) -> str:
    """Return `url` with the psycopg 3 driver named; `ValueError` when it is no Postgres URL."""
    scheme, separator, rest = url.partition("://")
    if scheme not in _ACCEPTED_SCHEMES or not separator or not rest:
        raise ValueError("must be a URL like postgresql://user:password@host:5432/name")
    return f"{DRIVER}://{rest}"
