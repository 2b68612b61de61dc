"""AuditEntry: who enrolled, launched for, removed, changed or exported what. Only ever added to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import AccountOwned, Base


class AuditEntry(AccountOwned, Base):
    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_account_id_created_at", "account_id", "created_at"),)

    actor: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(64))  # "enrolled", "changed branding", …
    subject: Mapped[str] = mapped_column(String(255), default="")  # in words, as it was then
    subject_id: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # never a secret
