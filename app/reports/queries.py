"""The report's figures and rows. One filter serves cards, table and files, so they always agree.

A day is a day where the account lives, and both ends of a range belong to it. Enrolments that were
withdrawn are in no figure, as on the course's own page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from app import paging
from app.errors import BadInput
from app.extensions import db
from app.models import Account, Completion, Course, CourseStatus, Enrollment, Learner, Outcome

ENROLLED, COMPLETED = "enrolled", "completed"
BATCH = 1000
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Filter:
    """What the report is about. Open ends are None; `by` is the date that the range means."""

    search: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ENROLLED

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Filter:
        """Reads an address's query. Raises BadInput with the sentence for the person."""
        first, last = _day(given, "from"), _day(given, "to")
        if first and last and last < first:
            raise BadInput("The end of the period lies before its start.", "to")
        by = COMPLETED if given.get("by") == COMPLETED else ENROLLED
        return cls(" ".join(given.get("q", "").split())[:200], first, last, by)

    def query(self) -> dict[str, str]:
        """The filter as it stands in an address; empty parts are left out."""
        parts = {
            "q": self.search,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "by": self.by if self.by == COMPLETED else "",
        }
        return {name: value for name, value in parts.items() if value}

    def in_words(self) -> str:
        """For files and pages: which records these are."""
        what = "completed" if self.by == COMPLETED else "enrolled"
        if self.first and self.last:
            period = f"{what} from {self.first} to {self.last}"
        elif self.first:
            period = f"{what} from {self.first}"
        elif self.last:
            period = f"{what} until {self.last}"
        else:
            period = "completed at any time" if self.by == COMPLETED else "all dates"
        return (
            f"Courses matching “{self.search}”, {period}"
            if self.search
            else f"All courses, {period}"
        )

    def in_a_name(self) -> str:
        """The same for a file's name, in letters that are safe there; empty for everything.

        A CSV has no other place for it that would not be taken for a record.
        """
        ends = [
            f"{word}-{day}" for word, day in (("from", self.first), ("until", self.last)) if day
        ]
        by = "completed" if self.by == COMPLETED else "enrolled" if ends else ""
        search = re.sub(r"[^a-z0-9]+", "-", folded(self.search)).strip("-")[:40]
        searched = f"courses-{search}" if search else "some-courses" if self.search else ""
        return "-".join(filter(None, (searched, by, *ends)))


def _day(given: Mapping[str, str], name: str) -> date | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"“{text[:20]}” is not a date. Write it as 2026-03-31.", name) from None
    if not EARLIEST <= day <= LATEST:
        raise BadInput("Please choose a year between 2000 and 2100.", name)
    return day


@dataclass(frozen=True)
class CourseLine:
    """One course of the table. `average` is of those who have a score; None when nobody has."""

    id: str
    title: str
    status: CourseStatus
    archived: bool
    enrolled: int = 0
    completed: int = 0
    average: float | None = None

    @property
    def rate(self) -> float | None:
        return rate(self.completed, self.enrolled)


@dataclass(frozen=True)
class Report:
    lines: Sequence[CourseLine] = field(default_factory=list)

    @property
    def courses(self) -> int:
        """Courses that are Ready; `other_courses` are those being processed, failed or archived."""
        return sum(line.status == CourseStatus.READY and not line.archived for line in self.lines)

    @property
    def other_courses(self) -> int:
        return len(self.lines) - self.courses

    @property
    def enrolled(self) -> int:
        return sum(line.enrolled for line in self.lines)

    @property
    def completed(self) -> int:
        return sum(line.completed for line in self.lines)

    @property
    def rate(self) -> float | None:
        return rate(self.completed, self.enrolled)


@dataclass(frozen=True)
class Row:
    """One enrolment of the files."""

    learner: str
    email: str
    course: str
    status: Completion
    result: Outcome
    score: float | None
    enrolled_at: datetime
    completed_at: datetime | None
    passed_at: datetime | None = None
    score_raw: float | None = None


def rate(part: int, whole: int) -> float | None:
    """Per cent; None where there is nothing to divide by."""
    return 100 * part / whole if whole else None


def report(account: Account, wanted: Filter) -> Report:
    """Every course that the search finds, with its figures in the period."""
    courses = find_courses(account, wanted.search)
    counts = {
        row.course_id: row
        for row in db.session.execute(
            select(
                Enrollment.course_id,
                func.count().label("enrolled"),
                func.sum((Enrollment.completion == Completion.COMPLETED).cast(db.Integer)).label(
                    "completed"
                ),
                func.avg(Enrollment.score).label("average"),
            )
            .where(Enrollment.account_id == account.id, *conditions(wanted, account.zone))
            .group_by(Enrollment.course_id)
        )
    }
    return Report([_line(course, counts.get(course.id)) for course in courses])


def _line(course: Any, counted: Any) -> CourseLine:
    facts = (course.id, course.title, CourseStatus(course.status), course.archived_at is not None)
    if counted is None:
        return CourseLine(*facts)
    average = float(counted.average) if counted.average is not None else None
    return CourseLine(*facts, counted.enrolled, int(counted.completed or 0), average)


def find_courses(account: Account, search: str) -> list[Any]:
    """Courses whose title contains every word, without regard to case and accents; by title."""
    words = folded(search).split()
    found = db.session.execute(
        select(Course.id, Course.title, Course.status, Course.archived_at).where(
            Course.account_id == account.id, Course.status != CourseStatus.UPLOADING
        )
    ).all()
    fits = [one for one in found if all(word in folded(one.title) for word in words)]
    return sorted(fits, key=lambda one: (folded(one.title), one.id))


def folded(text: str) -> str:
    """How titles are compared: "ÉCOLE" as "ecole"."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def conditions(wanted: Filter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Which enrolments count: not withdrawn, and in the period by the date that it means."""
    moment = Enrollment.completed_at if wanted.by == COMPLETED else Enrollment.created_at
    limits: list[ColumnElement[bool]] = [Enrollment.withdrawn_at.is_(None)]
    if wanted.by == COMPLETED:
        limits.append(moment.is_not(None))
    if wanted.first:
        limits.append(moment >= start_of(wanted.first, zone))
    if wanted.last:
        limits.append(moment < start_of(wanted.last + timedelta(days=1), zone))
    return limits


def start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def count(account: Account, wanted: Filter) -> int:
    """How many rows a file will have."""
    return paging.count(_rows(account, wanted))


def rows(account: Account, wanted: Filter) -> Iterator[Row]:
    """The records of the files, newest first, read in batches."""
    ordered = _rows(account, wanted).order_by(Enrollment.created_at.desc(), Enrollment.id)
    for row in db.session.execute(ordered.execution_options(yield_per=BATCH)):
        yield Row(
            learner=f"{row.first_name} {row.last_name}".strip() or row.email or "Unnamed contact",
            email=row.email or "",
            course=row.title,
            status=Completion(row.completion),
            result=Outcome(row.result),
            score=row.score,
            enrolled_at=row.created_at,
            completed_at=row.completed_at,
            passed_at=row.standing_at if row.result == Outcome.PASSED else None,
            score_raw=row.score_raw,
        )


def _rows(account: Account, wanted: Filter) -> Any:
    statement: Any = (
        select(
            Enrollment.id,
            Learner.first_name,
            Learner.last_name,
            Learner.email,
            Course.title,
            Enrollment.completion,
            Enrollment.result,
            Enrollment.score,
            Enrollment.created_at,
            Enrollment.completed_at,
            Enrollment.standing_at,
            Enrollment.score_raw,
        )
        .join(Learner, Learner.id == Enrollment.learner_id)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.account_id == account.id, *conditions(wanted, account.zone))
    )
    if wanted.search:
        found = [course.id for course in find_courses(account, wanted.search)]
        statement = statement.where(Enrollment.course_id.in_(found))
    return statement
