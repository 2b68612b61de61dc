"""What the course list and a course's table show: one query each, with search, order and pages."""

from __future__ import annotations

import unicodedata

from sqlalchemy import func, or_, select

from app import paging
from app.models import Certificate, Completion, Course, CourseStatus, Enrollment, Learner


def courses(query: str, number: int) -> paging.Page:
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
    return paging.page(statement, number)


def learners(course: Course, query: str, status: str, number: int) -> paging.Page:
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
    return paging.page(statement, number)
