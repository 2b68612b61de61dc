"""What the CRM tells about contacts that we know: a new name or address, a merge, a deletion.

Echoes of our own writes arrive here too; they change nothing, so they cost nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import connections
from app.clients.http import OutsideError
from app.extensions import db
from app.learners.contacts import by_contact, take_over
from app.models import Account, Learner
from app.models.webhook_event import NO_LEARNER, NOTHING_NEW
from app.sync import push


def learner_of(body: dict[str, Any]) -> Learner | None:
    """The learner that the event is about, seen within the location that the event names."""
    account = db.session.scalar(
        select(Account).where(Account.location_id == str(body.get("locationId", "")))
    )
    learner = by_contact(str(body.get("id", "")))
    if account is None or learner is None or learner.account_id != account.id:
        return None
    return learner


def heard_update(body: dict[str, Any]) -> str:
    learner = learner_of(body)
    if learner is None:
        return NO_LEARNER
    if says_what_we_know(body, learner):
        return NOTHING_NEW
    before = facts(learner)
    try:
        take_over(learner, connections.crm(learner.account).contact(learner.crm_contact_id or ""))
    except OutsideError as error:
        if error.is_gone:
            return heard_delete(body)
        raise
    if facts(learner) == before:
        return NOTHING_NEW
    push.mark_learner(learner)
    return "Learner brought up to date"


def says_what_we_know(body: dict[str, Any], learner: Learner) -> bool:
    """An echo of our own write, or a change of something that is not kept here: nobody is asked.

    The claim is not believed, only compared; one that differs leads to a question to the CRM.
    """
    claimed = [body.get(name) for name in ("firstName", "lastName", "email")]
    known = [learner.first_name, learner.last_name, learner.email]
    return claimed == known and (body.get("companyName") or None) == learner.company_name


def heard_delete(body: dict[str, Any]) -> str:
    """The message may be old or about a merge: the CRM is asked before anything is given up."""
    learner = learner_of(body)
    if learner is None:
        return NO_LEARNER
    try:
        connections.crm(learner.account).contact(learner.crm_contact_id or "")
    except OutsideError as error:
        if not error.is_gone:
            raise
        if push.find_contact_again(learner) is None:
            return "The contact was deleted; the learner's record stays"
        return "The contact was merged into another, which the learner follows"
    return "The contact is still there"


def facts(learner: Learner) -> tuple[str | None, ...]:
    return (learner.first_name, learner.last_name, learner.email, learner.business_id)
