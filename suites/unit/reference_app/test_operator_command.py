"""How a command of the reference app ends."""

import click
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from reference_app.operator_command import OperatorCommand


@click.command(cls=OperatorCommand)
@click.option("--interrupt", is_flag=True)
def command(*, interrupt: bool) -> None:
    """Lose the connection; first be interrupted, if that is wanted."""
    try:
        if interrupt:
            raise KeyboardInterrupt
    finally:
        raise OperationalError(None, None, Exception("the connection is closed"))


def test_lost_connection() -> None:
    """A connection that is lost ends the command with 3, and one line."""
    ended = CliRunner().invoke(command)
    assert (ended.exit_code, ended.stderr) == (3, "Error: Postgres: the connection is closed\n")


def test_connection_lost_by_an_interruption() -> None:
    """Ctrl-C is Ctrl-C, also where the driver gives up its connection on the way out."""
    ended = CliRunner().invoke(command, ["--interrupt"])
    assert (ended.exit_code, ended.stderr) == (1, "Aborted!\n")
