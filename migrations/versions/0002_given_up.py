"""Rows count the workers that they lost; a course knows its package's other title."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWE_WORK = (
    "courses",
    "webhook_events",
    "drift_checks",
    "enrollments",
    "sync_runs",
    "crm_effects",
    "trigger_firings",
)


def upgrade() -> None:
    for table in OWE_WORK:
        with op.batch_alter_table(table) as batch:
            batch.add_column(
                sa.Column("lost_claims", sa.Integer(), nullable=False, server_default="0")
            )
            batch.alter_column("lost_claims", server_default=None)
    with op.batch_alter_table("courses") as batch:
        batch.add_column(sa.Column("fallback_title", sa.String(length=255), nullable=True))
        batch.create_index(batch.f("ix_courses_storage_key"), ["storage_key"])


def downgrade() -> None:
    with op.batch_alter_table("courses") as batch:
        batch.drop_index(batch.f("ix_courses_storage_key"))
        batch.drop_column("fallback_title")
    for table in OWE_WORK:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("lost_claims")
