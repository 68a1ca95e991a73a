"""Registrations, API tokens, second factors, audit, idempotency, webhook deliveries, and versions of pipelines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TRANSACTION = "((pg_current_xact_id())::text)::bigint"


def upgrade() -> None:
    """Widen the tables that are there, then create the new ones."""
    op.add_column("admins", sa.Column("totp_nonce", sa.String(64)))
    op.add_column("admins", sa.Column("totp_last_step", sa.BigInteger))
    op.add_column("pipelines", sa.Column("run_attempt", sa.Integer, server_default="1", nullable=False))
    op.add_column("pipelines", sa.Column("version", sa.Integer, server_default="1", nullable=False))
    op.create_check_constraint(op.f("ck_pipelines_run_attempt_positive"), "pipelines", "run_attempt > 0")
    op.create_index("ix_pipelines_created_at", "pipelines", ["created_at"])
    op.create_index("ix_pipelines_workflow_name_id", "pipelines", ["workflow_name", "id"])
    _create_registration_requests()
    _create_api_tokens()
    _create_audit_events()
    _create_idempotency_records()
    _create_webhook_deliveries()


def downgrade() -> None:
    """Take it all back."""
    for table in ("webhook_deliveries", "idempotency_records", "audit_events", "api_tokens", "registration_requests"):
        op.drop_table(table)
    op.drop_index("ix_pipelines_workflow_name_id", "pipelines")
    op.drop_index("ix_pipelines_created_at", "pipelines")
    op.drop_constraint(op.f("ck_pipelines_run_attempt_positive"), "pipelines")
    for table, column in (
        ("pipelines", "version"),
        ("pipelines", "run_attempt"),
        ("admins", "totp_last_step"),
        ("admins", "totp_nonce"),
    ):
        op.drop_column(table, column)


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, MOMENT, server_default=sa.func.now(), nullable=False)


def _create_registration_requests() -> None:
    table = "registration_requests"
    op.create_table(
        table,
        _identity(),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("reason", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        _moment("created_at"),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_registration_requests"),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["admins.id"], name="fk_registration_requests_decided_by_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected')", name=op.f("ck_registration_requests_status")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (status = 'pending')", name=op.f("ck_registration_requests_decided_is_final")
        ),
        sa.CheckConstraint(
            "(password_hash IS NOT NULL) = (status = 'pending')",
            name=op.f("ck_registration_requests_password_while_pending"),
        ),
    )
    op.create_index("ix_registration_requests_status_id", table, ["status", "id"])
    op.create_index(
        "uq_registration_requests_pending_username",
        table,
        ["username"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )


def _create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        _identity(),
        sa.Column("owner_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(32)), nullable=False),
        _moment("created_at"),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
        sa.ForeignKeyConstraint(["owner_id"], ["admins.id"], name="fk_api_tokens_owner_id", ondelete="CASCADE"),
    )
    op.create_index("ix_api_tokens_owner_id_id", "api_tokens", ["owner_id", "id"])


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        _identity(),
        _moment("at"),
        sa.Column("transaction_id", sa.BigInteger, server_default=sa.text(TRANSACTION), nullable=False),
        sa.Column("actor_id", sa.BigInteger),
        sa.Column("actor", sa.String(32)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("object_kind", sa.String(32)),
        sa.Column("object_id", sa.BigInteger),
        sa.Column("address", sa.String(64)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("details", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.CheckConstraint("outcome IN ('done', 'denied')", name=op.f("ck_audit_events_outcome")),
    )
    for columns in (
        ["actor", "id"],
        ["action", "id"],
        ["outcome", "id"],
        ["object_kind", "object_id", "id"],
        ["transaction_id", "id"],
    ):
        op.create_index(f"ix_audit_events_{'_'.join(columns)}", "audit_events", columns)


def _create_idempotency_records() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("owner_id", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", postgresql.JSONB, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("owner_id", "key", name="pk_idempotency_records"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["admins.id"], name="fk_idempotency_records_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_idempotency_records_created_at", "idempotency_records", ["created_at"])


def _create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        _moment("received_at"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_received_at", "webhook_deliveries", ["received_at"])
