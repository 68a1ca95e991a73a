"""What only operators do: statements without a time limit, and VACUUM."""

from datetime import datetime

from sqlalchemy import Engine, delete, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from reference_app.database_connection import be_patient
from reference_app.models import ApiToken, IdempotencyRecord, WebhookDelivery
from reference_app.models.base import Base


class MaintenanceRepository:
    """Deletes rows of any age, however many, inside one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def delete_idempotency_records(self, before: datetime) -> int:
        """Delete the answers kept since before this moment; return how many."""
        return self._delete(IdempotencyRecord, IdempotencyRecord.created_at, before)

    def delete_webhook_deliveries(self, before: datetime) -> int:
        """Delete the deliveries received before this moment; return how many."""
        return self._delete(WebhookDelivery, WebhookDelivery.received_at, before)

    def delete_api_tokens(self, before: datetime) -> int:
        """Delete the tokens that expired before this moment; return how many."""
        return self._delete(ApiToken, ApiToken.expires_at, before)

    def _delete(self, model: type[Base], moment: InstrumentedAttribute[datetime], before: datetime) -> int:
        return self._session.connection().execute(delete(model).where(moment < before)).rowcount


def vacuum(engine: Engine, statement_timeout_s: float) -> None:
    """Tell Postgres at once what it would find out in time: how many rows there are, and that all may see them."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        be_patient(connection, statement_timeout_s)
        connection.detach()  # no other use of the pool gets a connection that is so patient
        connection.execute(text("VACUUM (ANALYZE) admins, pipelines, deployment_logs"))
