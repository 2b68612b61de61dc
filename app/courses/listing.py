"""What the course list and a course's table show: one query each, with search, order and pages."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from app.extensions import db
from app.models import Certificate, Completion, Course, CourseStatus, Enrollment, Learner

PAGE = 25


@dataclass(frozen=True)
class Page:
    """One page of rows, and where it stands among all."""

    rows: list[Any]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def courses(query: str, number: int) -> Page:
    """Courses that are not archived, newest first, each with its counts of learners."""
    counts = (
        select(
            Enrollment.course_id,
            func.count().label("enrolled"),
            func.count(Enrollment.completed_at).label("completed"),
        )
        .where(Enrollment.withdrawn_at.is_(None))
        .group_by(Enrollment.course_id)
        .subquery()
    )
    statement = (
        select(
            Course,
            func.coalesce(counts.c.enrolled, 0),
            func.coalesce(counts.c.completed, 0),
        )
        .outerjoin(counts, counts.c.course_id == Course.id)
        .where(Course.archived_at.is_(None), Course.status != CourseStatus.UPLOADING)
        .order_by(Course.created_at.desc(), Course.id)
    )
    if query.strip():
        statement = statement.where(Course.title.icontains(query.strip(), autoescape=True))
    return _page(statement, number)


def learners(course: Course, query: str, status: str, number: int) -> Page:
    """Enrolments of the course that were not withdrawn, newest first, each with its certificate."""
    statement = (
        select(Enrollment, Learner, Certificate)
        .join(Learner, Learner.id == Enrollment.learner_id)
        .outerjoin(
            Certificate,
            (Certificate.enrollment_id == Enrollment.id) & Certificate.superseded_at.is_(None),
        )
        .where(Enrollment.course_id == course.id, Enrollment.withdrawn_at.is_(None))
        .order_by(Enrollment.created_at.desc(), Enrollment.id)
    )
    if status in set(Completion):
        statement = statement.where(Enrollment.completion == status)
    for word in unicodedata.normalize("NFC", query).split():
        fits = [
            column.icontains(word, autoescape=True)
            for column in (Learner.first_name, Learner.last_name, Learner.email)
        ]
        statement = statement.where(or_(*fits))
    return _page(statement, number)


def _page(statement: Select[*tuple[Any, ...]], number: int) -> Page:
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    number = min(max(number, 1), max(1, -(-(total or 0) // PAGE)))
    rows = db.session.execute(statement.limit(PAGE).offset((number - 1) * PAGE)).all()
    return Page(list(rows), number, total or 0)
