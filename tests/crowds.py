"""Accounts with so and so many rows of every kind, in every state that a page counts."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import Any

from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Certificate,
    Course,
    CourseStatus,
    CrmEffect,
    DriftCheck,
    EffectKind,
    Enrollment,
    FormUse,
    Launch,
    Outcome,
    SyncRun,
    TriggerEvent,
    TriggerFiring,
    TriggerSubscription,
    WebhookEvent,
    acting_for,
    now,
)
from tests.factories import complete, make_course, make_enrollment, make_learner

STATUSES = (CourseStatus.READY, CourseStatus.PROCESSING, CourseStatus.ERROR)


def fill(account: Account, times: int) -> dict[str, str]:
    """So many courses, each with a learner and whatever a learner leaves behind; the same words for
    every account. Returns ids of the account's first rows by the names that addresses give them."""
    ids: dict[str, str] = {}
    with acting_for(account.id):
        trigger = TriggerSubscription(
            account_id=account.id,
            trigger_id="trigger",
            event=TriggerEvent.COMPLETED,
            target_url="https://example.com/",
        )
        check = DriftCheck(account_id=account.id, total=times, looked_at=times, found=times)
        db.session.add_all((trigger, check))
        db.session.flush()
        for number, status in zip(range(times), cycle(STATUSES), strict=False):
            learned = learn(account, number, status)
            for row in traces(account, *learned, trigger):
                db.session.add(row)
            db.session.flush()
            ids = ids or ids_of(*learned)
        db.session.commit()
    return ids


def learn(account: Account, number: int, status: CourseStatus) -> tuple[Course, Enrollment]:
    title = f"Course {number}"
    course = make_course(account, title=title, status=status)
    if status is CourseStatus.ERROR:
        course.park("The manifest is missing.")
    elif number % 5 == 4:
        course.archived_at = now()
    email = f"person-{number}@example.com"
    learner = make_learner(account, email=email, contact_id=f"contact-{number}")
    learner.business_id = "company"
    enrollment = make_enrollment(course, learner)
    if number % 2 == 0:
        complete(enrollment, 50 + number % 50, Outcome.PASSED)
    elif number % 5 == 3:
        enrollment.withdrawn_at = now()
    elif number % 5 == 1:
        enrollment.park("SCORM Cloud refused it.")
    return course, enrollment


def traces(
    account: Account, course: Course, enrollment: Enrollment, trigger: TriggerSubscription
) -> list[Any]:
    """What else the account has because of it."""
    owner: dict[str, Any] = {"account_id": account.id}
    of_both = owner | {"learner_id": enrollment.learner_id, "enrollment_id": enrollment.id}
    parked = CrmEffect(kind=EffectKind.NOTE, subject=enrollment.id, **of_both)
    parked.park("The contact is gone.")
    waiting = CrmEffect(kind=EffectKind.RECORD, subject=enrollment.id, **of_both)
    waiting.owe(timedelta(hours=1))
    written = CrmEffect(kind=EffectKind.TAGS, subject=enrollment.learner_id, **of_both)
    written.written_at, written.drift = now(), "Missing: scorm_passed."
    firing = TriggerFiring(
        subscription_id=trigger.id,
        enrollment_id=enrollment.id,
        event=TriggerEvent.COMPLETED,
        **owner,
    )
    firing.park("It may have run.")
    event = WebhookEvent(
        source="scorm_cloud", key=enrollment.id, kind="registration", body="{}", **owner
    )
    event.park("It could not be handled.")
    certificate = Certificate(
        enrollment_id=enrollment.id,
        learner_name="Ada Lovelace",
        course_title=course.title,
        completed_at=now(),
        result=Outcome.PASSED,
        **owner,
    )
    return [
        parked,
        waiting,
        written,
        firing,
        event,
        certificate,
        Launch(enrollment_id=enrollment.id, **owner),
        FormUse(enrollment_id=enrollment.id, email_digest="0" * 64, **owner),
        SyncRun(course_id=course.id, total=7, updated=3, finished_at=now(), **owner),
        AuditEntry(actor="Olivia Owner", action="enrolled", subject=course.title, **owner),
    ]


def ids_of(course: Course, enrollment: Enrollment) -> dict[str, str]:
    def first(model: Any) -> Any:
        return db.session.query(model).filter_by(account_id=course.account_id).first()

    effect = db.session.query(CrmEffect).filter(CrmEffect.parked_at.is_not(None)).first()
    assert effect and course.link
    certificate = first(Certificate)
    return {
        "course_id": course.id,
        "enrollment_id": enrollment.id,
        "learner_id": enrollment.learner_id,
        "launch_id": first(Launch).id,
        "run_id": first(SyncRun).id,
        "certificate_id": certificate.id,
        "number": certificate.number,
        "effect_id": effect.id,
        "row_id": effect.id,
        "token": course.link.token,
    }
