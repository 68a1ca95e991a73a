"""The reference app: a monitor of CI/CD pipelines on Flask, Redis and Postgres.

Run it with `flask --app reference_app …` or `gunicorn --config python:reference_app.gunicorn_conf`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from reference_app.settings import Settings

__all__ = ["create_app"]


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Build the application; without `settings` they are read from the environment.

    Raises `SettingsError` when the environment is not fit to run in.
    """
    from reference_app.startup import import_application  # noqa: PLC0415

    import_application()
    # Not at the top, so that `python -m reference_app.migrations` does not pay for the whole web stack.
    from reference_app.factory import build_app  # noqa: PLC0415
    from reference_app.settings import Settings  # noqa: PLC0415

    return build_app(settings or Settings.from_environment())
