"""CrmEffect: the outbox, as a ledger of what should be in the CRM and what was last written there.

One row per subject and kind. It owes work while the two digests differ, so ten changes in a minute
cost one write, an unchanged one costs none, and drift can be seen by comparing with the CRM.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now
from app.models.enrollment import Enrollment
from app.models.learner import Learner
from app.models.owed_work import OwesWork


class EffectKind(StrEnum):
    CONTACT = "contact"  # on the learner: the contact exists
    TAGS = "tags"
    COUNTERS = "counters"
    RECORD = "record"  # on the enrolment: the Training Record
    RELATION = "relation"  # …and its tie to the contact
    NOTE = "note"  # one row per milestone, named in `subject`
    SUMMARY = "summary"  # on the company: its Training Summary
    MEMBERSHIP = "membership"  # on the learner: the contact's tie to the company's summary
    OBJECTS = "objects"  # on the account: the custom objects and fields exist
    ALL = "all"  # on the account: every learner is to be marked anew


class CrmEffect(AccountOwned, OwesWork, Base):
    __tablename__ = "crm_effects"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "kind", "subject"),
        ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
    )

    kind: Mapped[EffectKind] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(
        String(80)
    )  # learner's, enrolment's or company's id (+ milestone)
    learner_id: Mapped[str | None] = mapped_column(String(32), index=True)
    enrollment_id: Mapped[str | None] = mapped_column(String(32), index=True)
    business_id: Mapped[str | None] = mapped_column(String(64), index=True)

    wanted_digest: Mapped[str | None] = mapped_column(String(64))
    wanted_at: Mapped[datetime | None]
    written_digest: Mapped[str | None] = mapped_column(String(64))
    written_at: Mapped[datetime | None]
    written: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was last written
    crm_id: Mapped[str | None] = mapped_column(String(64))  # the CRM's id of it
    tried_at: Mapped[datetime | None]  # a try has begun and has not ended yet
    unsure_since: Mapped[datetime | None]  # a write whose answer was lost: look before the next one
    drift: Mapped[str | None] = mapped_column(Text)  # how the CRM differs, as last seen in a check

    account: Mapped[Account] = relationship(viewonly=True)
    learner: Mapped[Learner | None] = relationship(viewonly=True)
    enrollment: Mapped[Enrollment | None] = relationship(viewonly=True)

    @property
    def current(self) -> bool:
        return self.wanted_digest == self.written_digest

    @property
    def waiting(self) -> bool:
        """Something else must come first; whoever does that makes this row owe work again."""
        return self.due_at is None and self.parked_at is None and self.last_error is not None

    def want(self, digest: str | None, pause: Callable[[], timedelta] = timedelta) -> bool:
        """Notes what should be there; True if that makes work. None: nothing should be written.

        `pause` says, if there is work, how long further changes are collected.
        """
        self.wanted_at = self.wanted_at or now()
        known = digest == self.wanted_digest
        if known and (self.current or self.owes_work or self.last_error or digest is None):
            return False
        self.wanted_digest, self.wanted_at = digest, now()
        under_way = self.tried_at or self.unsure_since  # what it writes is not known yet
        if (digest is None or self.current) and not under_way:
            self.settle()
            return False
        due = self.due_at
        self.owe(pause())
        if due and self.due_at and now() < due <= self.due_at:
            # A pause that has begun is not begun again by every change. Moved by a hair, so that a
            # worker who is just about to begin notices at its end that something has come in.
            self.due_at = due + timedelta(microseconds=1)
        return True

    def claim(self, lease: timedelta, early: timedelta = timedelta()) -> bool:
        """As for all owed work; a try that began and never ended leaves doubt behind it."""
        began = self.tried_at
        if not super().claim(lease, early):
            return False
        self.unsure_since = self.unsure_since or began
        self.tried_at = now()
        return True

    def end_try(self, unsure: bool = False) -> None:
        """The try is over without a write. Unsure: the CRM may have written all the same."""
        self.tried_at = None
        self.unsure_since = now() if unsure else self.unsure_since

    def wrote(self, digest: str | None, written: dict[str, Any], crm_id: str | None = None) -> None:
        self.written_digest, self.written, self.written_at = digest, written, now()
        self.wanted_digest = digest
        self.crm_id = crm_id or self.crm_id
        self.tried_at = self.unsure_since = self.drift = None

    def distrust(self) -> None:
        """It is there, but may not show what was written: to be written once more."""
        self.written_digest = None

    def forget(self) -> None:
        """What was written is no longer there, or no longer at the right place."""
        self.written_digest = self.written_at = self.crm_id = None
        self.written = {}
