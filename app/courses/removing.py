"""Deleting a course: without learners it goes, with learners it is archived and its records stay."""

from __future__ import annotations

from sqlalchemy import func, select

from app import connections
from app.extensions import db
from app.models import Course, Enrollment, EnrollLink, now


def learners_of(course: Course) -> int:
    """How many people were ever enrolled, and so would be affected."""
    counted = select(func.count()).where(Enrollment.course_id == course.id)
    return db.session.scalar(counted) or 0


def remove(course: Course) -> bool:
    """True if the course is gone; False if it was archived because people are enrolled."""
    if learners_of(course):
        course.archive()
        course.settle()
        return False
    if course.scorm_course_id and course.account.scorm_connected:
        connections.scorm_cloud(course.account).delete_course(course.scorm_course_id)
    if course.storage_key:
        connections.storage().delete(course.storage_key)
    db.session.delete(course)
    return True


def replace_link(course: Course) -> EnrollLink:
    """A new self-enrolment address; the old one explains that it was replaced."""
    if course.link is not None:
        course.link.replaced_at = now()
    link = EnrollLink(account_id=course.account_id, course_id=course.id)
    db.session.add(link)
    db.session.flush()
    db.session.expire(course, ["link"])
    return link
