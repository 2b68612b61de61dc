"""A fresh launch link at each click, and the row that says who opened it."""

from __future__ import annotations

from app import connections
from app.background import later
from app.clients.http import OutsideError
from app.enrollments import enrolling, progress
from app.errors import Conflict, Unavailable
from app.extensions import db
from app.models import Course, Enrollment, Launch, new_id
from app.outside_trouble import sentence_for

LINK_SECONDS = 120  # SCORM Cloud's link must be opened within this time
GONE = (
    "SCORM Cloud does not have this learner's registration any more. Open Why? in the menu of the "
    "learner's row and press Register again."
)
GONE_FOR_LEARNER = (
    "This course cannot be opened any more. Please tell whoever invited you, so that they can "
    "register you again."
)

LEARNER_LATER = "The course could not be opened just now. Please try again in a minute."


def launch(enrollment: Enrollment, opened_by: str | None = None) -> str:
    """The address that opens the player now; never stored, mailed or shown.

    The trial limit is not asked: who is enrolled may go on. Raises Conflict when the course or the
    registration is gone, Unavailable when SCORM Cloud does not answer.
    """
    if not enrollment.active or enrollment.course.archived_at is not None:
        raise Conflict("Course not available")
    row = Launch(
        id=new_id(),
        account_id=enrollment.account_id,
        enrollment_id=enrollment.id,
        opened_by=opened_by,
    )
    try:
        if not enrollment.registered:
            enrolling.register(enrollment)
            enrollment.settle()
        link = connections.scorm_cloud(enrollment.account).launch_link(
            enrollment.registration_id,
            connections.public_address(f"/exit/{row.id}"),
            expiry=LINK_SECONDS,
        )
    except OutsideError as error:
        if error.is_gone and enrollment.registered:
            raise Conflict(GONE if opened_by else GONE_FOR_LEARNER) from error
        raise Unavailable(sentence_for(error) if opened_by else LEARNER_LATER) from error
    db.session.add(row)
    enrollment.open()
    return link


def preview(course: Course) -> str:
    """An address that plays the course and records nothing.

    Raises Conflict when there is no course to play, Unavailable when SCORM Cloud does not answer.
    """
    if not course.ready:
        raise Conflict("Course not available")
    try:
        return connections.scorm_cloud(course.account).preview_link(course.scorm_course_id)
    except OutsideError as error:
        raise Unavailable(sentence_for(error)) from error


def come_back(row: Launch) -> None:
    """The learner has left the player: look at once, because a postback can be missed."""
    row.come_back()
    later(progress.refresh, row.enrollment)
