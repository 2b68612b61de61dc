"""The one way onto a course: dashboard, self-enrolment, file, tag and workflow all call `enroll`.

The row is written first, in one transaction with the count of the trial; the registration at SCORM
Cloud is owed work. We choose its id, so creating it twice is recognised and does no harm.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app import connections
from app.accounts import trial
from app.background import later, owed
from app.clients.http import OutsideError
from app.clients.scorm_cloud import CloudLearner
from app.enrollments import progress
from app.errors import Conflict, Hold, NotConnected, Unavailable
from app.extensions import db
from app.models import Course, Enrollment, Learner, Source, TriggerEvent
from app.outside_trouble import in_words, sentence_for
from app.sync import push, triggers

REFUSED_GAP = timedelta(minutes=10)


def find(course: Course, learner: Learner) -> Enrollment | None:
    """As it is in the database now, even if it was read before."""
    return db.session.scalar(
        select(Enrollment)
        .where(Enrollment.course_id == course.id, Enrollment.learner_id == learner.id)
        .execution_options(populate_existing=True)
    )


def active(enrollment_id: str | None) -> Enrollment | None:
    """The enrolment with this id, unless the learner was removed since."""
    found = db.session.get(Enrollment, enrollment_id) if enrollment_id else None
    return found if found is not None and found.active else None


def enroll(
    learner: Learner,
    course: Course,
    source: Source,
    by: str | None = None,
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
        account_id=course.account_id,
        course_id=course.id,
        learner_id=learner.id,
    )
    if present is None:
        db.session.add(enrollment)
        enrollment.owe()
    else:
        present.resume()
    enrollment.source, enrollment.enrolled_by = source, by
    db.session.flush()
    later(settle_registration, enrollment)
    push.mark(enrollment)
    triggers.note(enrollment, TriggerEvent.ENROLLED)
    return enrollment, True


def require_ready(course: Course) -> None:
    """The course takes new people now, and the account has room; holds the account until the end
    of the transaction, so that the count and the new row are one step.
    """
    if not course.ready:
        raise Conflict("Course not available")
    trial.require_room(course.account)
    db.session.refresh(course, ["status", "archived_at"])
    if not course.ready:  # it was deleted while we waited for the account
        raise Conflict("Course not available")


@owed
def settle_registration(enrollment: Enrollment) -> None:
    """What an enrolment owes: its registration at SCORM Cloud, or that none is left there.

    While SCORM Cloud refuses the account's keys it waits: somebody will enter better ones.
    """
    try:
        if enrollment.active:
            register(enrollment)
        elif not enrollment.ever_launched:
            give_back(enrollment)
    except NotConnected as trouble:
        raise Hold(trouble.sentence, REFUSED_GAP) from trouble
    except OutsideError as trouble:
        if trouble.is_unauthorised:
            raise Hold(in_words(trouble), REFUSED_GAP) from trouble
        raise


def register(enrollment: Enrollment) -> None:
    """Makes the registration at SCORM Cloud, once however often it is called."""
    if enrollment.registered:
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
    if not enrollment.active:
        return
    enrollment.withdraw()
    if enrollment.owes_work:
        later(settle_registration, enrollment)
    push.mark(enrollment)


def register_again(enrollment: Enrollment) -> bool:
    """A new registration for one that was deleted at SCORM Cloud by hand; what was reached stays.

    False if the next one is being made already. Raises Conflict if the old one is still there or
    the course takes nobody, Unavailable if SCORM Cloud does not say.
    """
    if not (enrollment.active and enrollment.course.ready):
        raise Conflict("Course not available")
    old = enrollment.registration_id
    if enrollment.registered and exists(enrollment):
        raise Conflict("SCORM Cloud still has this registration. Nothing was changed.")
    progress.hold(enrollment)
    if not enrollment.registered or enrollment.registration_id != old:
        return False
    enrollment.start_anew()
    enrollment.owe()
    db.session.flush()
    later(settle_registration, enrollment)
    return True


def exists(enrollment: Enrollment) -> bool:
    """Whether SCORM Cloud has the registration at this moment."""
    try:
        cloud = connections.scorm_cloud(enrollment.account)
        return cloud.registration_exists(enrollment.registration_id)
    except OutsideError as error:
        raise Unavailable(sentence_for(error)) from error


def give_back(enrollment: Enrollment) -> None:
    """Deletes the unused registration at SCORM Cloud, which has its own limit."""
    connections.scorm_cloud(enrollment.account).delete_registration(enrollment.registration_id)
    enrollment.unregister()


def cloud_learner(learner: Learner) -> CloudLearner:
    """Who SCORM Cloud and the course content see; the id is ours, so an e-mail may change."""
    return CloudLearner(
        id=learner.id,
        email=learner.email or "",
        first_name=learner.first_name,
        last_name=learner.last_name,
    )
