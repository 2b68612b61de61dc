"""The action "Enroll in course": a workflow puts its contact onto a course of ours.

Safe to repeat: somebody who is enrolled already is found, and the answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import connections
from app.clients.reading import mapping, text
from app.deployment import setting
from app.enrollments import enrolling
from app.enrollments.passes import Passes
from app.errors import BadInput, NotFound
from app.extensions import db
from app.learners import contacts
from app.models import Account, Course, Enrollment, Source
from app.sync import notes

BY = "a workflow of the CRM"


def act(account: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    """Enrols the workflow's contact; answers what the workflow can go on with.

    Raises BadInput without a course or a contact, NotFound where either is not there, and whatever
    `enroll` raises: the course is not ready, the trial is used up.
    """
    course_id = text(mapping(body.get("data")).get("course"))
    contact_id = text(mapping(body.get("extras")).get("contactId"))
    if not course_id:
        raise BadInput("Choose a course in the action.", "course")
    if not contact_id:
        raise BadInput("This workflow has no contact to enroll.", "contactId")
    course = db.session.get(Course, course_id[:32])
    if course is None or course.account_id != account.id:
        raise NotFound("This course does not exist any more. Choose another one in the action.")
    learner = contacts.learner_from_contact(account, contact_id[:64])
    enrollment, new = enrolling.enroll(learner, course, Source.WORKFLOW, by=BY)
    return {"new": new, **facts(enrollment)}


def facts(enrollment: Enrollment) -> dict[str, Any]:
    """Variables for the steps that follow, such as an e-mail with the personal link."""
    course, completed_at = enrollment.course, enrollment.completed_at
    return {
        "enrollmentId": enrollment.id,
        "course": course.id,
        "courseTitle": course.title,
        "status": str(enrollment.completion),
        "result": str(enrollment.result),
        "score": enrollment.score,
        "completedAt": completed_at.isoformat(timespec="seconds") if completed_at else None,
        "certificateUrl": notes.certificate_address(enrollment),
        "courseLink": personal_link(enrollment),
    }


def personal_link(enrollment: Enrollment) -> str | None:
    """Where this learner, and nobody else, starts or continues the course in any browser."""
    link = enrollment.course.link
    if link is None:
        return None
    key = Passes(setting("SECRET_KEY")).personal(enrollment)
    return connections.public_address(f"/e/{link.token}/as/{key}")
