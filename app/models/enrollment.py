"""Enrollment: a learner on a course and how it goes; Launch: who opened it when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, new_id, now
from app.models.course import Course
from app.models.learner import Learner
from app.models.owed_work import OwesWork
from app.models.progress import Completion, Outcome, Progress, Reading, Standing


class Source(StrEnum):
    DASHBOARD = "dashboard"
    LINK = "link"
    FILE = "file"
    TAG = "tag"
    WORKFLOW = "workflow"


class Enrollment(AccountOwned, OwesWork, Base):
    """Owes work while its registration at SCORM Cloud is missing, or is there though the learner
    was removed without ever opening the course; `enrollments/enrolling.py`."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "course_id", "learner_id"),
        ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
        Index("ix_enrollments_account_id_created_at", "account_id", "created_at"),
        Index("ix_enrollments_account_id_completed_at", "account_id", "completed_at"),
    )

    course_id: Mapped[str] = mapped_column(String(32), index=True)
    learner_id: Mapped[str] = mapped_column(String(32), index=True)
    source: Mapped[Source] = mapped_column(String(16), default=Source.DASHBOARD)
    enrolled_by: Mapped[str | None] = mapped_column(String(255))  # the admin's name, for the audit

    # the registration at SCORM Cloud: we choose its id, so that a repeated creation is recognised
    registration_id: Mapped[str] = mapped_column(String(64), unique=True, default=new_id)
    registered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]  # we first handed out a launch link
    withdrawn_at: Mapped[datetime | None]

    # the standing: set together, from one report; read as `standing`
    completion: Mapped[Completion] = mapped_column(String(16), default=Completion.NOT_STARTED)
    result: Mapped[Outcome] = mapped_column(String(16), default=Outcome.NONE)
    score: Mapped[float | None]  # per cent; 0 is a score, None is none
    score_raw: Mapped[float | None]
    standing_at: Mapped[datetime | None]  # when all this was reached
    # the rest of the progress, as `enrollments/progress.py` took it from SCORM Cloud
    seconds: Mapped[float] = mapped_column(default=0.0)  # over all attempts
    attempts_made: Mapped[int] = mapped_column(default=0)  # launches, over resets
    attempts_before_reset: Mapped[int] = mapped_column(default=0)
    seconds_before_reset: Mapped[float] = mapped_column(default=0.0)
    first_access_at: Mapped[datetime | None]
    last_access_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]  # the first completion
    # where SCORM Cloud's registration stood when it was last read
    reported_at: Mapped[datetime | None]  # its `updated`
    reported_instance: Mapped[int] = mapped_column(default=0)
    reported_launches: Mapped[int] = mapped_column(default=0)
    reported_first_launch: Mapped[str | None] = mapped_column(String(255))
    reported_seconds: Mapped[float] = mapped_column(default=0.0)
    last_synced_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(viewonly=True)
    course: Mapped[Course] = relationship(viewonly=True)
    learner: Mapped[Learner] = relationship(viewonly=True)

    @property
    def completed(self) -> bool:
        return self.completion == Completion.COMPLETED

    @property
    def registered(self) -> bool:
        return self.registered_at is not None

    @property
    def active(self) -> bool:
        return self.withdrawn_at is None

    @property
    def ever_launched(self) -> bool:
        """SCORM Cloud told of it, or will: somebody was sent to the player."""
        known = self.opened_at or self.first_access_at
        return self.attempts_made > 0 or known is not None

    def register(self) -> None:
        """SCORM Cloud knows the registration now."""
        self.registered_at = self.registered_at or now()

    def unregister(self) -> None:
        """SCORM Cloud does not know the registration any more."""
        self.registered_at = None

    def open(self) -> None:
        self.opened_at = self.opened_at or now()

    def withdraw(self) -> None:
        """What was never opened is given back; what was begun stays at SCORM Cloud as it is."""
        self.withdrawn_at = self.withdrawn_at or now()
        self.settle()
        if not self.ever_launched:
            self.owe()

    def resume(self) -> None:
        """Enrolled again after a withdrawal: what was reached stays, with a new registration."""
        self.withdrawn_at = None
        if self.ever_launched:
            self.start_anew()
        self.owe()

    def start_anew(self) -> None:
        """Another registration is to be made; what was reached in the old one counts on."""
        self.registration_id, self.registered_at = new_id(), None
        self.reading = Reading(seconds_before=self.seconds, attempts_before=self.attempts_made)

    @property
    def standing(self) -> Standing:
        return Standing(
            Completion(self.completion),
            Outcome(self.result),
            self.score,
            self.score_raw,
            self.standing_at,
        )

    @property
    def passed_at(self) -> datetime | None:
        return self.standing_at if self.result == Outcome.PASSED else None

    @property
    def progress(self) -> Progress:
        """What people see; written by `enrollments/progress.py` alone."""
        return Progress(
            self.standing,
            self.completed_at,
            self.seconds,
            self.attempts_made,
            self.first_access_at,
            self.last_access_at,
        )

    @progress.setter
    def progress(self, progress: Progress) -> None:
        standing = progress.standing
        self.completion, self.result = standing.completion, standing.result
        self.score, self.score_raw = standing.score, standing.score_raw
        self.standing_at, self.completed_at = standing.reached_at, progress.completed_at
        self.seconds, self.attempts_made = progress.seconds, progress.attempts
        self.first_access_at = progress.first_access_at
        self.last_access_at = progress.last_access_at

    @property
    def reading(self) -> Reading:
        return Reading(
            self.reported_at,
            self.reported_instance,
            self.reported_seconds,
            self.reported_launches,
            self.reported_first_launch,
            self.seconds_before_reset,
            self.attempts_before_reset,
        )

    @reading.setter
    def reading(self, reading: Reading) -> None:
        self.reported_at, self.reported_instance = reading.at, reading.instance
        self.reported_seconds, self.reported_launches = reading.seconds, reading.launches
        self.reported_first_launch = reading.first_launch
        self.seconds_before_reset = reading.seconds_before
        self.attempts_before_reset = reading.attempts_before


class Launch(AccountOwned, Base):
    """One opening of the player through us. SCORM Cloud's own history is read on request."""

    __tablename__ = "launches"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
    )

    enrollment_id: Mapped[str] = mapped_column(String(32), index=True)
    opened_by: Mapped[str | None] = mapped_column(
        String(255)
    )  # the admin's name; None: the learner
    returned_at: Mapped[datetime | None]  # the exit page was reached

    enrollment: Mapped[Enrollment] = relationship(viewonly=True)

    def come_back(self) -> None:
        self.returned_at = self.returned_at or now()
