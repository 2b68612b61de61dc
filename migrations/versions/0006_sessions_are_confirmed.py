"""When a session's user was asked about again; user contexts that were seen."""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("company_id", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("asked_at", app.models.base.UtcDateTime(timezone=True), nullable=True)
        )
    op.create_table(
        "seen_contexts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )


def downgrade() -> None:
    op.drop_table("seen_contexts")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("asked_at")
        batch_op.drop_column("company_id")
