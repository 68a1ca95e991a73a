"""Commands: `flask --app reference_app migrate | create-admin | seed`.

Exit codes: 0 done, 1 interrupted, 2 bad input or settings, 3 Postgres cannot be used.
"""

import contextlib
from collections.abc import Iterator

import click
from flask import Flask

from reference_app.backend import Backend
from reference_app.errors import ConflictError
from reference_app.models import Role
from reference_app.operator_command import BadInputError, OperatorCommand
from reference_app.repositories.maintenance import vacuum
from reference_app.services.accounts import AccountRuleError

MOST_PIPELINES = 1_000_000
BULK_S = 3600.0
"""How long a statement over any number of rows may take."""


def add_commands(app: Flask, backend: Backend) -> None:
    """Give `app` its commands."""
    _add_migrate(app, backend)
    _add_create_admin(app, backend)
    _add_seed(app, backend)


def _add_migrate(app: Flask, backend: Backend) -> None:
    @app.cli.command("migrate", cls=OperatorCommand)
    def migrate() -> None:
        """Bring the database to the newest schema."""
        from reference_app.migrations import upgrade  # noqa: PLC0415 - Alembic is slow to load and rarely needed

        upgrade(backend.settings.database_url.get_secret_value())


def _add_create_admin(app: Flask, backend: Backend) -> None:
    @app.cli.command("create-admin", cls=OperatorCommand)
    @click.argument("username")
    @click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ADMIN.value)
    @click.password_option(envvar="ADMIN_PASSWORD", help="Asked for unless ADMIN_PASSWORD is set.")
    def create_admin(username: str, role: str, password: str) -> None:
        """Create an account named USERNAME."""
        with _refusals_told(), backend.work() as work:
            work.accounts.create(username, password, Role(role))
        click.echo(f"created {role} {username}")


@contextlib.contextmanager
def _refusals_told() -> Iterator[None]:
    """Tell in one line why an account cannot be made."""
    try:
        yield
    except (AccountRuleError, ConflictError) as error:
        raise BadInputError(str(error)) from error


def _add_seed(app: Flask, backend: Backend) -> None:
    @app.cli.command("seed", cls=OperatorCommand)
    @click.option("--pipelines", type=click.IntRange(0, MOST_PIPELINES), default=200, show_default=True)
    @click.option("--member", "members", multiple=True, metavar="NAME", help="One more member; not in production.")
    def seed(pipelines: int, members: tuple[str, ...]) -> None:
        """Add alice, bob, admin and PIPELINES pipelines, as far as they are missing.

        All of it is added, or nothing. The newest 5,000 of the pipelines get log lines. The password of another
        member is NAME-in-development.
        """
        passwords = backend.settings.seed_passwords(members)

        def tell(done: int) -> None:
            if done < pipelines:
                click.echo(f"{done:,} of {pipelines:,} pipelines", err=True)

        with backend.database.interruption.expected():
            with _refusals_told(), backend.work(statement_timeout_s=BULK_S) as work:
                added = work.seed.add_missing(passwords, pipelines, tell)
            if added:
                backend.cache.forget_everything()
                vacuum(backend.database.engine, BULK_S)
        click.echo(f"added {added} pipelines")
