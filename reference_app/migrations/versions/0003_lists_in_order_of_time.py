"""Indexes for lists in the order of time: with one by id, a list of old pipelines reads all that came after them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "pipelines"
FILTERS = ("status", "branch", "owner_id", "workflow_name")


def upgrade() -> None:
    """Let every index of a list end with the time of creation and the id."""
    for column in FILTERS:
        op.drop_index(f"ix_pipelines_{column}_id", TABLE)
        op.create_index(f"ix_pipelines_{column}_created_at_id", TABLE, [column, "created_at", "id"])
    op.drop_index("ix_pipelines_created_at", TABLE)
    op.create_index("ix_pipelines_created_at_id", TABLE, ["created_at", "id"])


def downgrade() -> None:
    """Let them end with the id again."""
    op.drop_index("ix_pipelines_created_at_id", TABLE)
    op.create_index("ix_pipelines_created_at", TABLE, ["created_at"])
    for column in FILTERS:
        op.drop_index(f"ix_pipelines_{column}_created_at_id", TABLE)
        op.create_index(f"ix_pipelines_{column}_id", TABLE, [column, "id"])
