"""The first tables: admins, pipelines and their deployment logs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, parents first."""
    _create_admins()
    _create_pipelines()
    _create_deployment_logs()


def downgrade() -> None:
    """Drop the tables, children first."""
    op.drop_table("deployment_logs")
    op.drop_table("pipelines")
    op.drop_table("admins")


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _created(name: str) -> sa.Column[object]:
    return sa.Column(name, MOMENT, server_default=sa.func.now(), nullable=False)


def _create_admins() -> None:
    op.create_table(
        "admins",
        _identity(),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean, server_default=sa.true(), nullable=False),
        _created("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_admins"),
        sa.UniqueConstraint("username", name="uq_admins_username"),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_admins_role")),
        sa.CheckConstraint("username ~ '^[a-z][a-z0-9_-]{1,31}$'", name=op.f("ck_admins_username_form")),
    )


def _create_pipelines() -> None:
    op.create_table(
        "pipelines",
        _identity(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.BigInteger, nullable=False),
        sa.Column("branch", sa.String(255), nullable=False),
        sa.Column("commit_sha", sa.String(40)),
        sa.Column("commit_message", sa.Text),
        sa.Column("workflow_name", sa.String(200)),
        sa.Column("run_id", sa.BigInteger),
        sa.Column("run_number", sa.Integer),
        sa.Column("started_at", MOMENT),
        sa.Column("completed_at", MOMENT),
        sa.Column("duration_s", sa.Float),
        _created("created_at"),
        _created("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
        sa.UniqueConstraint("run_id", name="uq_pipelines_run_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["admins.id"], name="fk_pipelines_owner_id", ondelete="RESTRICT"),
        *_pipeline_checks(),
    )
    op.create_index("ix_pipelines_status_id", "pipelines", ["status", "id"])
    op.create_index("ix_pipelines_branch_id", "pipelines", ["branch", "id"])
    op.create_index("ix_pipelines_owner_id_id", "pipelines", ["owner_id", "id"])


def _pipeline_checks() -> list[sa.CheckConstraint]:
    rules = {
        "status": "status IN ('queued', 'running', 'success', 'failed')",
        "name_not_empty": "length(name) > 0",
        "commit_sha_form": "commit_sha ~ '^[0-9a-f]{40}$'",
        "run_id_positive": "run_id > 0",
        "run_number_positive": "run_number > 0",
        "duration_s_not_negative": "duration_s >= 0",
        "completed_after_started": "completed_at >= started_at",
        "final_is_completed": "(completed_at IS NOT NULL) = (status IN ('success', 'failed'))",
        "running_is_started": "started_at IS NOT NULL OR status NOT IN ('running', 'success')",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_pipelines_{name}")) for name, rule in rules.items()]


def _create_deployment_logs() -> None:
    op.create_table(
        "deployment_logs",
        _identity(),
        sa.Column("pipeline_id", sa.BigInteger, nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        _created("timestamp"),
        sa.PrimaryKeyConstraint("id", name="pk_deployment_logs"),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name="fk_deployment_logs_pipeline_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("level IN ('debug', 'info', 'warning', 'error')", name=op.f("ck_deployment_logs_level")),
    )
    op.create_index("ix_deployment_logs_pipeline_id_id", "deployment_logs", ["pipeline_id", "id"])
