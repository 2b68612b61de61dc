"""CrmEffect: the outbox, as a ledger of what should be in the CRM and what was last written there.

One row per subject and kind. It owes work while the two digests differ, so ten changes in a minute
cost one write, an unchanged one costs none, and drift can be seen by comparing with the CRM.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, String, UniqueConstraint
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
    subject: Mapped[str] = mapped_column(String(80))  # learner's, enrolment's or company's id (+ milestone)
    learner_id: Mapped[str | None] = mapped_column(String(32), index=True)
    enrollment_id: Mapped[str | None] = mapped_column(String(32), index=True)
    business_id: Mapped[str | None] = mapped_column(String(64), index=True)

    wanted_digest: Mapped[str | None] = mapped_column(String(64))
    wanted_at: Mapped[datetime | None]
    written_digest: Mapped[str | None] = mapped_column(String(64))
    written_at: Mapped[datetime | None]
    written: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was last written
    crm_id: Mapped[str | None] = mapped_column(String(64))  # the CRM's id of it
    tried_at: Mapped[datetime | None]  # a write began whose answer may have been lost

    account: Mapped[Account] = relationship(viewonly=True)
    learner: Mapped[Learner | None] = relationship(viewonly=True)
    enrollment: Mapped[Enrollment | None] = relationship(viewonly=True)

    @property
    def current(self) -> bool:
        return self.wanted_digest == self.written_digest

    def want(self, digest: str | None) -> bool:
        """Notes what should be there; True if that makes work. None: nothing should be written."""
        if digest == self.wanted_digest:
            return False
        self.wanted_digest, self.wanted_at = digest, now()
        if self.current or digest is None:
            self.settle()
            return False
        self.owe()
        return True

    def wrote(self, digest: str | None, written: dict[str, Any], crm_id: str | None = None) -> None:
        self.written_digest, self.written, self.written_at = digest, written, now()
        self.crm_id = crm_id or self.crm_id
        self.tried_at = None
