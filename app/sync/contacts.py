"""The learner's contact: found or made for people who enrolled themselves, found again when merged.

What somebody typed never changes a contact that is there already; it only fills a new one.
"""

from __future__ import annotations

from sqlalchemy import select

from app.clients.crm import Contact, Crm, OutsideError
from app.errors import Conflict
from app.extensions import db
from app.models import ContactState, CrmEffect, EffectKind, Learner
from app.sync.crm_state import Facts

SOURCE = "SCORM Hub"
GONE = "The contact was deleted in the CRM."
AWAITED = "Waits until the learner's contact is in the CRM."
ON_THE_CONTACT = (EffectKind.TAGS, EffectKind.COUNTERS, EffectKind.RELATION)


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
    link(learner, contact)
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
    other = holder_of(learner.account_id, contact.id)
    if other is not None and other is not learner:
        raise Conflict(f"The contact with this e-mail address already learns here as {other.name}.")
    learner.link_contact(contact.id)
    learner.business_id = contact.business_id or learner.business_id
    learner.company_name = contact.company_name or learner.company_name


def holder_of(account_id: str, contact_id: str) -> Learner | None:
    return db.session.scalar(
        select(Learner).where(
            Learner.account_id == account_id, Learner.crm_contact_id == contact_id
        )
    )


def look_again(learner: Learner, crm: Crm) -> bool:
    """The contact is not there any more: merged into another with the same address, or deleted.

    True if the learner is tied to a living contact again; what hung on the old one is then owed
    anew, except notes, which a merge carries over.
    """
    found = crm.contact_by_email(learner.email) if learner.email else None
    if found is None or found.id == learner.crm_contact_id:
        learner.lose_contact()
        return False
    if holder_of(learner.account_id, found.id) is not None:
        learner.lose_contact()
        return False
    link(learner, found)
    for effect in effects_of(learner):
        if effect.kind in ON_THE_CONTACT:
            effect.forget()
    return True


def effects_of(learner: Learner) -> list[CrmEffect]:
    return list(
        db.session.scalars(
            select(CrmEffect).where(
                CrmEffect.account_id == learner.account_id, CrmEffect.learner_id == learner.id
            )
        )
    )
