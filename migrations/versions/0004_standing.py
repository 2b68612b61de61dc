"""The standing: when it was reached, on enrollments and certificates."""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE enrollments RENAME COLUMN result_at TO standing_at")
    op.add_column("enrollments", sa.Column("reported_first_launch", sa.String(length=255)))
    op.add_column("certificates", sa.Column("score_raw", sa.Double()))
    moment = app.models.base.UtcDateTime(timezone=True)
    op.add_column("certificates", sa.Column("standing_at", moment))


def downgrade() -> None:
    op.drop_column("certificates", "standing_at")
    op.drop_column("certificates", "score_raw")
    op.drop_column("enrollments", "reported_first_launch")
    op.execute("ALTER TABLE enrollments RENAME COLUMN standing_at TO result_at")
