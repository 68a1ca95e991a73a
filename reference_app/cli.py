"""Commands: `flask --app reference_app migrate | create-admin | seed`."""

import click
from flask import Flask

from reference_app.backend import Backend
from reference_app.errors import ConflictError
from reference_app.models import Role
from reference_app.services.accounts import AccountRuleError


def add_commands(app: Flask, backend: Backend) -> None:
    """Give `app` its commands."""
    settings = backend.settings

    @app.cli.command("migrate")
    def migrate() -> None:
        """Bring the database to the newest schema."""
        from reference_app.migrations import upgrade  # noqa: PLC0415 - Alembic is slow to load and rarely needed

        upgrade(settings.database_url.get_secret_value())

    @app.cli.command("create-admin")
    @click.argument("username")
    @click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ADMIN.value)
    @click.password_option(envvar="ADMIN_PASSWORD", help="Asked for unless ADMIN_PASSWORD is set.")
    def create_admin(username: str, role: str, password: str) -> None:
        """Create an account named USERNAME."""
        try:
            with backend.work() as work:
                work.accounts.create(username, password, Role(role))
        except (AccountRuleError, ConflictError) as error:
            raise click.UsageError(str(error)) from error
        click.echo(f"created {role} {username}")

    @app.cli.command("seed")
    @click.option("--pipelines", type=click.IntRange(0, 1_000_000), default=200, show_default=True)
    def seed(pipelines: int) -> None:
        """Add alice, bob, admin and PIPELINES pipelines, as far as they are missing."""
        passwords = settings.seed_passwords()
        with backend.work() as work:
            added = work.seed.add_missing(passwords, pipelines)
        click.echo(f"added {added} pipelines")
