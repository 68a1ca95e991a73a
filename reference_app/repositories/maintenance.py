"""What only operators do: VACUUM."""

from sqlalchemy import Engine, text

from reference_app.database_connection import be_patient


def vacuum(engine: Engine, statement_timeout_s: float) -> None:
    """Tell Postgres at once what it would find out in time: how many rows there are, and that all may see them."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        be_patient(connection, statement_timeout_s)
        connection.detach()  # no other use of the pool gets a connection that is so patient
        connection.execute(text("VACUUM (ANALYZE) admins, pipelines, deployment_logs"))
