"""Many pipelines at once: COPY into a temporary table, then one statement that adds what is missing."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection, sql
from sqlalchemy import BigInteger, Integer, String, Text, column, func, insert, literal, select, table, text, values
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from reference_app.models import DeploymentLog, LogLevel, Pipeline

STAGED_COLUMNS = (
    "name",
    "description",
    "status",
    "owner_id",
    "branch",
    "commit_sha",
    "commit_message",
    "workflow_name",
    "run_id",
    "run_number",
    "started_at",
    "completed_at",
    "duration_s",
    "created_at",
)
"""What a row to be added says, in this order."""

_TABLE = "staged_pipelines"
_STAGED = table(_TABLE, *map(column, STAGED_COLUMNS))
_COPY = sql.SQL("COPY {} ({}) FROM STDIN").format(
    sql.Identifier(_TABLE), sql.SQL(", ").join(map(sql.Identifier, STAGED_COLUMNS))
)
SEED_LOCK = 7_204_312
"""Any number, the same for everyone who seeds this database."""


class SeedRepository:
    """Adds rows of `pipelines` and `deployment_logs` inside one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self) -> None:
        """Take turns with others who seed, however long, and make the temporary table.

        All of it ends with the transaction.
        """
        self._session.execute(text("SET LOCAL lock_timeout = 0"))
        # VACUUM cannot mark as visible to all what Postgres has not written down yet.
        self._session.execute(text("SET LOCAL synchronous_commit = on"))
        self._session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
        rows = select(*(Pipeline.__table__.c[name] for name in STAGED_COLUMNS))
        self._session.execute(text(f"CREATE TEMP TABLE {_TABLE} ON COMMIT DROP AS {rows} WITH NO DATA"))

    def add_missing(
        self, rows: Iterable[Sequence[Any]], lines: Sequence[tuple[LogLevel, str]], logged_from: int
    ) -> int:
        """Add the pipelines of `rows` (in `STAGED_COLUMNS`) whose run_id is not there yet; return how many those are.

        Those of them whose run_id is `logged_from` or more get the log `lines`.
        """
        self._session.execute(text(f"TRUNCATE {_TABLE}"))
        connection: Connection[Any] = self._session.connection().connection.driver_connection  # type: ignore[assignment]
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        return self._insert(lines, logged_from)

    def _insert(self, lines: Sequence[tuple[LogLevel, str]], logged_from: int) -> int:
        staged = select(*_STAGED.c).order_by(_STAGED.c.run_id)
        added = (
            postgresql.insert(Pipeline)
            .from_select(STAGED_COLUMNS, staged, include_defaults=False)
            .on_conflict_do_nothing(index_elements=[Pipeline.run_id])
            .returning(Pipeline.id, Pipeline.run_id)
            .cte("added")
        )
        said = values(column("place", Integer), column("level", String), column("message", Text), name="said")
        said = said.data([(place, level.value, message) for place, (level, message) in enumerate(lines)])
        logs = (
            select(added.c.id, said.c.level, said.c.message)
            .join(said, literal(value=True))
            .where(added.c.run_id >= literal(logged_from, BigInteger))
            .order_by(added.c.id, said.c.place)
        )
        logged = insert(DeploymentLog).from_select(["pipeline_id", "level", "message"], logs).cte("logged")
        return self._session.scalars(select(func.count()).select_from(added).add_cte(logged)).one()
