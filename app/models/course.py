"""Course: a SCORM package on its way to, or at, SCORM Cloud; EnrollLink: its public address."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now
from app.models.owed_work import OwesWork


class CourseStatus(StrEnum):
    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    ERROR = "error"


class CertificateRule(StrEnum):
    COMPLETED = "completed"  # everybody who completes
    PASSED = "passed"  # only who passed


EDITIONS = {
    "SCORM11": "SCORM 1.1",
    "SCORM12": "SCORM 1.2",
    "SCORM20042NDEDITION": "SCORM 2004 2nd Edition",
    "SCORM20043RDEDITION": "SCORM 2004 3rd Edition",
    "SCORM20044THEDITION": "SCORM 2004 4th Edition",
    "AICC": "AICC",
    "XAPI": "xAPI",
    "CMI5": "cmi5",
}


class Course(AccountOwned, OwesWork, Base):
    """Owes work while it is processing; `courses/publishing.py` does it."""

    __tablename__ = "courses"

    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(80), default="")  # in per-course tags; kept at rename
    filename: Mapped[str] = mapped_column(String(255), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes
    status: Mapped[CourseStatus] = mapped_column(String(16), default=CourseStatus.UPLOADING)
    archived_at: Mapped[datetime | None]
    certificate_rule: Mapped[CertificateRule] = mapped_column(
        String(16), default=CertificateRule.COMPLETED
    )

    storage_key: Mapped[str | None] = mapped_column(
        String(255), index=True
    )  # set while the package waits here
    scorm_course_id: Mapped[str] = mapped_column(String(255), default="")
    scorm_app_id: Mapped[str | None] = mapped_column(String(255))  # the application it lives in
    scorm_version: Mapped[int] = mapped_column(default=0)
    import_job_id: Mapped[str | None] = mapped_column(String(255))
    import_started_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    standard: Mapped[str | None] = mapped_column(String(32))  # SCORM Cloud's word, see EDITIONS
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    error: Mapped[str | None] = mapped_column(Text)  # the reason in plain words
    error_detail: Mapped[str | None] = mapped_column(Text)
    fallback_title: Mapped[str | None] = mapped_column(String(255))  # if its organization has none

    account: Mapped[Account] = relationship(viewonly=True)
    link: Mapped[EnrollLink | None] = relationship(
        primaryjoin="and_(Course.id == foreign(EnrollLink.course_id),"
        " Course.account_id == foreign(EnrollLink.account_id), EnrollLink.replaced_at.is_(None))",
        viewonly=True,
        uselist=False,
    )

    @property
    def ready(self) -> bool:
        return self.status == CourseStatus.READY and self.archived_at is None

    @property
    def edition(self) -> str:
        return EDITIONS.get(self.standard or "", "")

    def process(self) -> None:
        """The package has arrived: import is owed."""
        self.status = CourseStatus.PROCESSING
        self.error = self.error_detail = self.import_job_id = None
        self.import_started_at = now()
        self.owe()

    def become_ready(self, standard: str, version: int, warnings: list[str]) -> None:
        self.status = CourseStatus.READY
        self.standard, self.scorm_version, self.warnings = standard, version, warnings
        self.ready_at = now()
        self.error = self.error_detail = None

    def become_error(self, reason: str, detail: str | None = None) -> None:
        self.status = CourseStatus.ERROR
        self.error, self.error_detail = reason, detail
        self.due_at = None

    def park(self, reason: str) -> None:
        """An import that is given up says so on the course; its package stays for another try."""
        super().park(reason)
        if self.status == CourseStatus.PROCESSING:
            self.status, self.error, self.error_detail = CourseStatus.ERROR, reason, None

    @property
    def given_up(self) -> bool:
        """Its import was parked; whatever else ends in Error has its package removed."""
        return self.status == CourseStatus.ERROR and self.storage_key is not None

    def resume(self) -> None:
        """An import that was given up goes on where it stopped."""
        self.status = CourseStatus.PROCESSING
        self.error = self.error_detail = None
        self.import_started_at = now()

    def archive(self) -> None:
        self.archived_at = self.archived_at or now()


class EnrollLink(AccountOwned, Base):
    """The course's self-enrolment address. It never expires; a leaked one can be replaced."""

    __tablename__ = "enroll_links"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
    )

    course_id: Mapped[str] = mapped_column(String(32), index=True)
    token: Mapped[str] = mapped_column(
        String(32), unique=True, default=lambda: secrets.token_urlsafe(16)
    )
    replaced_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(viewonly=True)
    course: Mapped[Course] = relationship(viewonly=True)


__all__ = ["CertificateRule", "Course", "CourseStatus", "EnrollLink"]
