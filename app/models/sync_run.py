"""SyncRun: one press of Sync All, a row that a page can watch while a worker goes through it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import AccountOwned, Base, now
from app.models.course import Course
from app.models.enrollment import Enrollment
from app.models.owed_work import OwesWork


class SyncRun(AccountOwned, OwesWork, Base):
    __tablename__ = "sync_runs"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
    )

    course_id: Mapped[str] = mapped_column(String(32), index=True)
    started_by: Mapped[str] = mapped_column(String(255), default="")
    total: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    read_until: Mapped[datetime | None]  # how far the listing was followed
    finished_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship(viewonly=True)

    @property
    def running(self) -> bool:
        return self.finished_at is None and self.parked_at is None

    def missed(self, enrollment: Enrollment) -> bool:
        """The run is over and could not read this learner's registration."""
        if self.finished_at is None or enrollment.registered_at is None or not enrollment.active:
            return False
        if enrollment.registered_at >= self.created_at:
            return False
        return enrollment.last_synced_at is None or enrollment.last_synced_at < self.created_at

    def finish_run(self) -> None:
        self.finished_at = now()
