"""Workflows of the CRM that start when somebody is enrolled, completes or fails.

`note` belongs into the transaction of the event: for each workflow that waits for it a row owes one
start. A start cannot be looked for afterwards, so a try whose answer was lost is never repeated by
itself: it is shown with its reason, and a person decides.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import connections
from app.background import later, note_trouble, owed
from app.clients.crm import OutsideError
from app.errors import AppError, Hold
from app.extensions import db
from app.models import (
    Enrollment,
    TriggerEvent,
    TriggerFiring,
    TriggerSubscription,
    now,
)
from app.sync import contacts, crm_state, notes, trigger_filters, writing

log = logging.getLogger(__name__)

PERSON_AWAITED = timedelta(seconds=10)  # until the contact of who enrolled by link is there
LONG_AWAITED = timedelta(minutes=5)
UNSURE = (
    "The CRM's answer was lost, so the workflow may have started or not. "
    "Look at the contact, and retry if it has not."
)


def note(enrollment: Enrollment, event: TriggerEvent) -> None:
    """The event has happened: owes each workflow that waits for it its start, once."""
    waiting = select(TriggerSubscription).where(
        TriggerSubscription.account_id == enrollment.account_id,
        TriggerSubscription.event == event,
        TriggerSubscription.ended_at.is_(None),
    )
    for subscription in db.session.scalars(waiting).all():
        passes = trigger_filters.matches(
            subscription.filters, enrollment.course_id, enrollment.score
        )
        if passes and not noted(subscription, enrollment, event):
            owe(subscription, enrollment, event)


def noted(subscription: TriggerSubscription, enrollment: Enrollment, event: TriggerEvent) -> bool:
    """Whoever notes events holds the enrolment's row, so nobody else does so at this moment."""
    found = select(TriggerFiring.id).where(
        TriggerFiring.subscription_id == subscription.id,
        TriggerFiring.enrollment_id == enrollment.id,
        TriggerFiring.event == event,
        TriggerFiring.occasion == occasion(enrollment, event),
    )
    return db.session.scalar(found) is not None


def owe(
    subscription: TriggerSubscription, enrollment: Enrollment, event: TriggerEvent
) -> TriggerFiring:
    firing = TriggerFiring(
        account_id=enrollment.account_id,
        subscription_id=subscription.id,
        enrollment_id=enrollment.id,
        event=event,
        occasion=occasion(enrollment, event),
        facts=facts(enrollment, event),
    )
    firing.owe()
    db.session.add(firing)
    later(fire, firing)
    return firing


def occasion(enrollment: Enrollment, event: TriggerEvent) -> str:
    """Who is taken off and enrolled anew is enrolled a second time; one completes only once."""
    return enrollment.registration_id if event == TriggerEvent.ENROLLED else ""


def facts(enrollment: Enrollment, event: TriggerEvent) -> dict[str, Any]:
    """What the workflow can use, flat as its form shows it. Names and address come at the start."""
    completed_at = enrollment.completed_at
    return {
        "event": str(event),
        "enrollmentId": enrollment.id,
        "course": enrollment.course_id,
        "courseTitle": crm_state.plain(enrollment.course.title),
        "status": str(enrollment.completion),
        "result": str(enrollment.result),
        "score": crm_state.rounded(enrollment.score),
        "completedAt": completed_at.isoformat(timespec="seconds") if completed_at else None,
    }


@owed
def fire(firing: TriggerFiring) -> None:
    """Starts the workflow, once; says on the row what came of it."""
    if firing.fired_at is not None or firing.subscription.ended_at is not None:
        firing.end_try()
        return
    if firing.unsure_since is not None:
        firing.end_try()
        firing.park(UNSURE)
        return
    if not contact_is_there(firing):
        firing.end_try()
        return
    try:
        crm = connections.crm(firing.account)
        crm.fire(firing.subscription.target_url, payload(firing))
    except (Hold, AppError, OutsideError) as trouble:
        note_failure(firing, trouble)
    else:
        firing.fired()


def contact_is_there(firing: TriggerFiring) -> bool:
    """Without a contact a workflow can do nothing; one that is being made is waited for."""
    learner = firing.enrollment.learner
    if learner.erased_at or contacts.lost(learner):
        firing.park(contacts.GONE)
        return False
    if learner.crm_contact_id is None:
        waited = now() - (firing.owed_since or now())
        gap = PERSON_AWAITED if waited < LONG_AWAITED else LONG_AWAITED
        firing.postpone(gap, contacts.AWAITED)
        return False
    return True


def payload(firing: TriggerFiring) -> dict[str, Any]:
    learner = firing.enrollment.learner
    person = {
        "eventId": firing.id,
        "contactId": learner.crm_contact_id,
        "email": learner.email,
        "firstName": learner.first_name,
        "lastName": learner.last_name,
        "certificateUrl": notes.certificate_address(firing.enrollment),
    }
    return crm_state.given({**person, **firing.facts})


def note_failure(firing: TriggerFiring, trouble: Hold | AppError | OutsideError) -> None:
    if isinstance(trouble, OutsideError) and outcome_unknown(trouble):
        firing.end_try(unsure=True)
        log.warning("workflow start %s: %s", firing.id, trouble)
        firing.park(UNSURE)
        return
    firing.end_try()
    if isinstance(trouble, OutsideError) and (trouble.is_unauthorised or trouble.is_forbidden):
        log.warning("workflow start %s: %s", firing.id, trouble)
        firing.fail(writing.RECONNECT)  # heals after a reconnect
    else:
        note_trouble(firing, trouble)


def outcome_unknown(trouble: OutsideError) -> bool:
    """The answer is lost. A server's own error says that nothing was started, a gateway's not."""
    if trouble.status is not None and trouble.status >= 500 and trouble.status not in (502, 504):
        return False
    return trouble.outcome_unknown
