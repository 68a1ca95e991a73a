"""A command's edge: what goes wrong becomes one line on standard error, and an exit code.

0 done, 1 interrupted, 2 bad input or settings, 3 Postgres cannot be used.
"""

from typing import Any, ClassVar

from click import Abort, ClickException, Command, Context, UsageError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError


class BadInputError(ClickException):
    """An option or argument is wrong; unlike click's own error, told without the usage before it."""

    exit_code: ClassVar[int] = 2


class PostgresError(ClickException):
    """Postgres does not answer, or is not ready for the command."""

    exit_code: ClassVar[int] = 3


class OperatorCommand(Command):
    """A command that needs Postgres."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: Any
    ) -> Context:
        """Read the command line; `BadInputError` when it is wrong."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except UsageError as error:
            raise BadInputError(error.format_message()) from error

    def invoke(self, ctx: Context) -> Any:
        """Run the command; `PostgresError` when Postgres cannot be used, `Abort` when it was interrupted."""
        try:
            return super().invoke(ctx)
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            if _follows_interruption(error):
                raise Abort from error
            raise PostgresError(f"Postgres: {reason(error)}") from error


def _follows_interruption(error: BaseException) -> bool:
    """Whether it was raised while an interruption was on its way out: the driver gives its connection up then."""
    before = error.__context__
    return before is not None and (isinstance(before, KeyboardInterrupt) or _follows_interruption(before))


def reason(error: DBAPIError) -> str:
    """Return the first line of what the driver said; a schema that is missing gets its remedy."""
    line = str(error.orig).strip().split("\n", 1)[0]
    return f"{line} (is the schema up to date? run migrate)" if isinstance(error, ProgrammingError) else line
