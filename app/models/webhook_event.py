"""WebhookEvent: the inbox. What the outside told us, stored once before it is acted on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, or_
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, now
from app.models.owed_work import OwesWork

NOTHING_NEW = "Nothing new"
NO_LEARNER = "About a contact who is no learner"
NOT_OF_INTEREST = "Not of interest"


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

    @classmethod
    def of_interest(cls) -> ColumnElement[bool]:
        """Not an echo of our own writes, nor one of the many events of the CRM that say nothing
        about a learner."""
        idle = (NOTHING_NEW, NO_LEARNER, NOT_OF_INTEREST)
        return or_(cls.source != "crm", cls.outcome.is_(None), cls.outcome.not_in(idle))

    def handled(self, outcome: str) -> None:
        self.handled_at, self.outcome = now(), outcome
