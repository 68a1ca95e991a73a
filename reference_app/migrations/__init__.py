"""Schema migrations: run them with `flask migrate`, or quicker with `python -m reference_app.migrations`."""

from pathlib import Path

from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for the database at `database_url` (driver named)."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the schema up to `revision`; nothing happens when it is there already."""
    command.upgrade(alembic_config(database_url), revision)


def downgrade(database_url: str, revision: str = "base") -> None:
    """Take the schema back to `revision`, and the data of what goes with it."""
    command.downgrade(alembic_config(database_url), revision)
