"""The one way onto a course: dashboard, self-enrolment, file, tag and workflow all call `enroll`.

The row is written first, in one transaction with the count of the trial; the registration at SCORM
Cloud is owed work. We choose its id, so creating it twice is recognised and does no harm.
"""

from __future__ import annotations

from sqlalchemy import select

from app import connections
from app.accounts import trial
from app.background import later, owed
from app.clients.http import OutsideError
from app.clients.scorm_cloud import CloudLearner
from app.errors import Conflict
from app.extensions import db
from app.models import Course, Enrollment, Learner, Source
from app.sync import push


def find(course: Course, learner: Learner) -> Enrollment | None:
    return db.session.scalar(
        select(Enrollment).where(
            Enrollment.course_id == course.id, Enrollment.learner_id == learner.id
        )
    )


def enroll(
    learner: Learner, course: Course, source: Source, by: str | None = None
) -> tuple[Enrollment, bool]:
    """The learner's enrolment on the course, and whether it is new.

    Raises Conflict unless the course is Ready, LimitReached when the trial is used up. Somebody who
    is enrolled already is simply found, whatever the limit says.
    """
    present = find(course, learner)
    if present is not None and present.active:
        return present, False
    require_ready(course)
    present = find(course, learner)
    if present is not None and present.active:
        return present, False
    enrollment = present or Enrollment(
        account_id=course.account_id, course_id=course.id, learner_id=learner.id
    )
    if present is None:
        db.session.add(enrollment)
        enrollment.owe()
    else:
        present.resume()
    enrollment.source, enrollment.enrolled_by = source, by
    db.session.flush()
    later(register, enrollment)
    push.mark(enrollment)
    return enrollment, True


def require_ready(course: Course) -> None:
    """The course takes new people now, and the account has room; holds the account until the end
    of the transaction, so that the count and the new row are one step.
    """
    if not course.ready:
        raise Conflict("Course not available")
    trial.require_room(course.account)


@owed
def register(enrollment: Enrollment) -> None:
    """Makes the registration at SCORM Cloud, once however often it is called."""
    if enrollment.registered or not enrollment.active:
        return
    cloud = connections.scorm_cloud(enrollment.account)
    try:
        cloud.create_registration(
            enrollment.registration_id,
            enrollment.course.scorm_course_id,
            cloud_learner(enrollment.learner),
            postback=connections.postback(enrollment.account),
        )
    except OutsideError as error:
        if not error.already_exists:
            raise
    enrollment.register()


def withdraw(enrollment: Enrollment) -> None:
    """Ends the enrolment. One that was never launched gives its registration back."""
    enrollment.withdraw()
    if enrollment.registered and not enrollment.ever_launched:
        later(give_back, enrollment)
    push.mark(enrollment)


def give_back(enrollment: Enrollment) -> None:
    """Deletes the unused registration at SCORM Cloud, which has its own limit."""
    if enrollment.active or enrollment.ever_launched:
        return
    connections.scorm_cloud(enrollment.account).delete_registration(enrollment.registration_id)
    enrollment.registered_at = None


def cloud_learner(learner: Learner) -> CloudLearner:
    """Who SCORM Cloud and the course content see; the id is ours, so an e-mail may change."""
    return CloudLearner(
        id=learner.id,
        email=learner.email or "",
        first_name=learner.first_name,
        last_name=learner.last_name,
    )

