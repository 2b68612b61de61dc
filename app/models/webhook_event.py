"""WebhookEvent: the inbox. What the outside told us, stored once before it is acted on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, now
from app.models.owed_work import OwesWork


class WebhookEvent(OwesWork, Base):
    """Owes work until handled. Not scoped to an account: some events are about none we know."""

    __tablename__ = "webhook_events"
    __table_args__ = (UniqueConstraint("source", "key"),)

    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    source: Mapped[str] = mapped_column(String(16))  # "scorm_cloud" or "crm"
    key: Mapped[str] = mapped_column(String(80))  # the sender's event id, else the body's digest
    kind: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(255))  # what came of it, in plain words

    def handled(self, outcome: str) -> None:
        self.handled_at, self.outcome = now(), outcome
