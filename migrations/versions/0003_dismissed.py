"""What nobody can put right may be dismissed: by whom and when stands on the row."""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "courses",
    "crm_effects",
    "drift_checks",
    "enrollments",
    "sync_runs",
    "trigger_firings",
    "webhook_events",
)


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column("dismissed_at", app.models.base.UtcDateTime(timezone=True), nullable=True)
            )
            batch_op.add_column(sa.Column("dismissed_by", sa.String(length=255), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("dismissed_by")
            batch_op.drop_column("dismissed_at")
