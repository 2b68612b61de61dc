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
        lost = sa.Column("lost_claims", sa.Integer(), nullable=False, server_default="0")
        op.add_column(table, lost)
    op.add_column("courses", sa.Column("fallback_title", sa.String(length=255), nullable=True))
    op.create_index("ix_courses_storage_key", "courses", ["storage_key"])


def downgrade() -> None:
    op.drop_index("ix_courses_storage_key", "courses")
    op.drop_column("courses", "fallback_title")
    for table in OWE_WORK:
        op.drop_column(table, "lost_claims")
