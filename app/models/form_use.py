"""FormUse: a self-enrollment form that was sent, so that it is taken once."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import AccountOwned, Base


class FormUse(AccountOwned, Base):
    """Its id came with the form. Kept for longer than a form can be sent, then deleted."""

    __tablename__ = "form_uses"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
        Index("ix_form_uses_created_at", "created_at"),
    )

    email_digest: Mapped[str] = mapped_column(String(64))  # who was entered, as nobody can read it
    enrollment_id: Mapped[str | None] = mapped_column(String(32))  # what the form made, if anything
