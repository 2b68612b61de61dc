"""The learner's contact: found or made for people who enrolled themselves, found again when merged.

What somebody typed never changes a contact that is there already; it only fills a new one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from app.clients.crm import Contact, Crm, OutsideError
from app.errors import Conflict
from app.extensions import db
from app.models import ContactState, CrmEffect, EffectKind, Enrollment, Learner
from app.sync import ledger
from app.sync.crm_state import Facts

SOURCE = "SCORM Hub"
GONE = "The contact was deleted in the CRM."
AWAITED = "Waits until the learner's contact is in the CRM."
ON_THE_CONTACT = (
    EffectKind.TAGS,
    EffectKind.COUNTERS,
    EffectKind.RELATION,
    EffectKind.MEMBERSHIP,
)


def first(learner: Learner) -> str | None:
    """What keeps everything else of this learner waiting, in words."""
    return None if learner.crm_contact_id else AWAITED


def lost(learner: Learner) -> bool:
    return learner.contact_state == ContactState.DELETED


def wanted(effect: CrmEffect) -> Facts | None:
    learner = effect.learner
    if learner is None or learner.erased_at or learner.contact_state != ContactState.WANTED:
        return None
    return {"email": learner.email_key or ""}


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    """Finds the contact by its e-mail address, or makes it.

    Raises Conflict where there is no address, or where the contact is another learner's.
    """
    learner = effect.learner
    assert learner is not None
    if not learner.email:
        raise Conflict("Without an e-mail address the learner cannot be found in the CRM.")
    contact = crm.contact_by_email(learner.email) or make(learner, learner.email, crm)
    holder = holder_of(learner.account_id, contact.id)
    if holder is None:
        link(learner, contact)
    elif not join(learner, holder):
        raise Conflict(f"The contact with this address takes the same course as {holder.name}.")
    effect.wrote(None, {"contact": contact.id}, contact.id)


def make(learner: Learner, email: str, crm: Crm) -> Contact:
    """A new contact. Where the location forbids a second one with this address, the first is it."""
    try:
        return crm.create_contact(
            first_name=learner.first_name,
            last_name=learner.last_name,
            email=email,
            source=SOURCE,
        )
    except OutsideError as error:
        if not (error.already_exists and error.existing_id):
            raise
        return crm.contact(error.existing_id)


def link(learner: Learner, contact: Contact) -> None:
    learner.link_contact(contact.id)
    learner.business_id = contact.business_id or learner.business_id
    learner.company_name = contact.company_name or learner.company_name


def join(learner: Learner, holder: Learner) -> bool:
    """Two learners turn out to be one contact: what this one does counts for the holder, and this
    one is known no longer.

    False if both take the same course, which only a person can put right.
    """
    theirs = set(db.session.scalars(_enrollments(holder, Enrollment.course_id)))
    mine = db.session.scalars(_enrollments(learner, Enrollment)).all()
    if any(enrollment.course_id in theirs for enrollment in mine):
        return False
    for enrollment in mine:
        enrollment.learner_id = holder.id
    for effect in effects_of(learner):
        if effect.enrollment_id:
            effect.learner_id = holder.id
        elif effect.kind != EffectKind.CONTACT:
            effect.want(None)
    learner.erase()
    db.session.flush()
    db.session.expire_all()
    return True


def _enrollments(learner: Learner, what: Any) -> Select[Any]:
    return select(what).where(
        Enrollment.account_id == learner.account_id, Enrollment.learner_id == learner.id
    )


def holder_of(account_id: str, contact_id: str) -> Learner | None:
    return db.session.scalar(
        select(Learner).where(
            Learner.account_id == account_id, Learner.crm_contact_id == contact_id
        )
    )


def look_again(learner: Learner, crm: Crm) -> Learner | None:
    """The contact is not there any more: merged into another with the same address, or deleted.

    Returns whose the living contact is: this learner's, or that of another who is the same person.
    What hung on the old contact is then owed anew, except notes, which a merge carries over.
    """
    hung = [effect for effect in effects_of(learner) if effect.kind in ON_THE_CONTACT]
    found = crm.contact_by_email(learner.email) if learner.email else None
    holder = holder_of(learner.account_id, found.id) if found else None
    if found is None or holder is learner:
        learner.lose_contact()
        return None
    if holder is None:
        link(learner, found)
    elif not join(learner, holder):
        learner.lose_contact()
        return None
    for effect in hung:
        effect.forget()
    return holder or learner


def effects_of(learner: Learner) -> list[CrmEffect]:
    return list(ledger.of_learner(learner).values())
