"""Deleting a course: without learners it goes, with learners it is archived and its records stay.

Either way nobody can enrol from this moment on; SCORM Cloud is told by a worker, so that deleting
works while SCORM Cloud is away.
"""

from __future__ import annotations

from sqlalchemy import func, select

from app.accounts import trial
from app.background import later
from app.courses import publishing
from app.extensions import db
from app.models import Account, Course, EnrollLink, Enrollment, now


def learners_of(course: Course) -> int:
    """How many people were ever enrolled, and so would be affected."""
    counted = select(func.count()).where(Enrollment.course_id == course.id)
    return db.session.scalar(counted) or 0


def remove(course: Course) -> bool:
    """True if the course is gone; False if it was archived because people are enrolled."""
    trial.hold(course.account)  # whoever is being enrolled at this moment is counted
    course.archive()
    course.settle()
    if learners_of(course):
        return False
    course.owe()
    later(publishing.publish, course)
    return True


def refused(account: Account) -> list[Course]:
    """Courses that are deleted here and that SCORM Cloud refused to delete."""
    question = select(Course).where(
        Course.account_id == account.id,
        Course.archived_at.is_not(None),
        Course.parked_at.is_not(None),
    )
    return list(db.session.scalars(question))


def try_again(account: Account) -> int:
    """Asks SCORM Cloud once more for each refused course; returns how many there are."""
    courses = refused(account)
    for course in courses:
        course.owe()
        later(publishing.publish, course)
    return len(courses)


def replace_link(course: Course) -> EnrollLink:
    """A new self-enrolment address; the old one explains that it was replaced."""
    if course.link is not None:
        course.link.replaced_at = now()
    link = EnrollLink(account_id=course.account_id, course_id=course.id)
    db.session.add(link)
    db.session.flush()
    db.session.expire(course, ["link"])
    return link
