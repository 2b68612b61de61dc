"""DriftCheck: one look at whether the CRM still shows what was written, kept as its summary."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now
from app.models.owed_work import OwesWork


class DriftCheck(AccountOwned, OwesWork, Base):
    """Owes work until it has gone through all learners, or through the one it is about.

    What it finds is noted on the rows of the ledger; here stand the numbers.
    """

    __tablename__ = "drift_checks"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
    )

    learner_id: Mapped[str | None] = mapped_column(String(32), index=True)  # None: the account
    started_by: Mapped[str] = mapped_column(String(255), default="")
    total: Mapped[int] = mapped_column(default=0)  # learners
    looked_at: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)  # things in the CRM that differ
    unread: Mapped[int] = mapped_column(default=0)  # learners the CRM would not show
    after: Mapped[str] = mapped_column(String(40), default="")  # the last learner or company
    finished_at: Mapped[datetime | None]
    repaired: Mapped[int] = mapped_column(default=0)
    repaired_at: Mapped[datetime | None]
    repaired_by: Mapped[str | None] = mapped_column(String(255))

    account: Mapped[Account] = relationship(viewonly=True)

    @property
    def running(self) -> bool:
        return self.finished_at is None and self.parked_at is None

    def finish_check(self) -> None:
        self.finished_at = now()

    def repair(self, number: int, by: str) -> None:
        self.repaired, self.repaired_at, self.repaired_by = number, now(), by
