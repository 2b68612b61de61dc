"""Joining a course by its link, with nothing but a name and an e-mail address.

A typed address proves nothing: it never shows or changes the record of somebody who is known. Who
enrolled in a browser goes on in it; elsewhere a known address is only told how to go on.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.enrollments import enrolling
from app.errors import BadInput
from app.extensions import db
from app.learners.contacts import clean_name
from app.models import Course, EnrollLink, Enrollment, Learner, Source, email_key
from app.sync import push


@dataclass(frozen=True)
class Applicant:
    """What the form said, cleaned."""

    first_name: str
    last_name: str
    email: str


def read_form(first_name: str, last_name: str, email: str) -> Applicant:
    """Raises BadInput with the field's name for what is missing or cannot be an address."""
    # Imported where it is used: its tables of letters take time at every program's start.
    from email_validator import EmailNotValidError, validate_email

    first, last = clean_name(first_name), clean_name(last_name)
    if not first:
        raise BadInput("Please enter your first name.", "first_name")
    if not last:
        raise BadInput("Please enter your last name.", "last_name")
    try:
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadInput("Please enter a valid e-mail address.", "email") from error
    return Applicant(first, last, checked.normalized)


def self_enroll(link: EnrollLink, applicant: Applicant) -> Enrollment | None:
    """A new enrolment; None for an address that is known on the course already.

    Raises LimitReached or Conflict as `enroll` does. Two submissions at once make one learner: the
    account is locked before anybody is looked for.
    """
    known = enrollment_by_email(link.course, applicant.email)
    if known is not None and not can_join_again(known):
        return None
    enrolling.require_ready(link.course)
    known = enrollment_by_email(link.course, applicant.email)
    if known is not None and not can_join_again(known):
        return None
    learner = learner_for(link.course, applicant)
    enrollment, _ = enrolling.enroll(learner, link.course, Source.LINK)
    push.mark_learner(learner)
    return enrollment


def enrollment_by_email(course: Course, email: str) -> Enrollment | None:
    learner = known_learner(email)
    return enrolling.find(course, learner) if learner else None


def can_join_again(enrollment: Enrollment) -> bool:
    """Removed before anything was done; who has a record is let in by the provider only."""
    return not enrollment.active and not enrollment.ever_launched


def known_learner(email: str) -> Learner | None:
    """Several contacts may share an address; the one we have known longest is meant."""
    return db.session.scalar(
        select(Learner)
        .where(Learner.email_key == email_key(email))
        .order_by(Learner.created_at, Learner.id)
        .limit(1)
    )


def learner_for(course: Course, applicant: Applicant) -> Learner:
    """Who is known by the address, as they are known; else somebody new."""
    learner = known_learner(applicant.email)
    if learner is None:
        learner = Learner(
            account_id=course.account_id,
            first_name=applicant.first_name,
            last_name=applicant.last_name,
        )
        learner.set_email(applicant.email)
        db.session.add(learner)
        db.session.flush()
    return learner
