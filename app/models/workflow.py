"""TriggerSubscription: a workflow of the CRM that starts on an event of ours; TriggerFiring: one
start of it, owed until the CRM took it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now
from app.models.enrollment import Enrollment
from app.models.owed_work import OwesWork


class TriggerEvent(StrEnum):
    """The keys of our triggers in the marketplace; they can never be changed there."""

    ENROLLED = "enrolled"
    COMPLETED = "course_completed"
    FAILED = "course_failed"


class TriggerSubscription(AccountOwned, Base):
    __tablename__ = "trigger_subscriptions"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "trigger_id"),
    )

    trigger_id: Mapped[str] = mapped_column(String(64))  # the CRM's id of the trigger
    event: Mapped[TriggerEvent] = mapped_column(String(32))
    workflow_id: Mapped[str] = mapped_column(String(64), default="")
    target_url: Mapped[str] = mapped_column(Text)  # checked when it is stored and when it is used
    filters: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(viewonly=True)

    def begin(
        self, event: TriggerEvent, target_url: str, filters: list[dict[str, Any]], workflow_id: str
    ) -> None:
        """As somebody has saved it in the CRM just now."""
        self.event, self.target_url, self.filters = event, target_url, filters
        self.workflow_id, self.ended_at = workflow_id, None

    def end(self) -> None:
        """Removed from its workflow. The row stays, so that no event starts it a second time."""
        self.ended_at = self.ended_at or now()


class TriggerFiring(AccountOwned, OwesWork, Base):
    """One per subscription, enrolment and occasion, so that an event starts a workflow once."""

    __tablename__ = "trigger_firings"
    __table_args__ = (
        UniqueConstraint("account_id", "subscription_id", "enrollment_id", "event", "occasion"),
        ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["trigger_subscriptions.account_id", "trigger_subscriptions.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
    )

    subscription_id: Mapped[str] = mapped_column(String(32), index=True)
    enrollment_id: Mapped[str] = mapped_column(String(32), index=True)
    event: Mapped[TriggerEvent] = mapped_column(String(32))
    occasion: Mapped[str] = mapped_column(String(64), default="")  # a second enrolment is another
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # as they were at the event
    tried_at: Mapped[datetime | None]  # a try has begun and has not ended yet
    unsure_since: Mapped[datetime | None]  # a try whose answer was lost: the workflow may have run
    fired_at: Mapped[datetime | None]

    subscription: Mapped[TriggerSubscription] = relationship(viewonly=True)
    enrollment: Mapped[Enrollment] = relationship(viewonly=True)
    account: Mapped[Account] = relationship(viewonly=True)

    def claim(self, lease: timedelta, early: timedelta = timedelta()) -> bool:
        """As for all owed work; a try that began and never ended leaves doubt behind it."""
        began = self.tried_at
        if not super().claim(lease, early):
            return False
        self.unsure_since = self.unsure_since or began
        self.tried_at = now()
        return True

    def owe(self, after: timedelta = timedelta()) -> None:
        """Also a person's word that it may be fired (again), whatever became of the last try."""
        super().owe(after)
        self.tried_at = self.unsure_since = None

    def end_try(self, unsure: bool = False) -> None:
        """The try is over. Unsure: the CRM may have started the workflow all the same."""
        self.tried_at = None
        self.unsure_since = now() if unsure else self.unsure_since

    def fired(self) -> None:
        self.fired_at = now()
        self.tried_at = self.unsure_since = None
