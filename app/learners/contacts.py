"""Contacts of the CRM: the live search, and a learner made from one."""

from __future__ import annotations

import logging
import unicodedata
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import connections
from app.clients.crm import Contact
from app.clients.http import OutsideError
from app.errors import Hold, NotFound
from app.extensions import db
from app.models import Account, Course, Enrollment, Learner, email_key
from app.outside_trouble import sentence_for

log = logging.getLogger(__name__)

SHORTEST_QUERY = 2
LONGEST_QUERY = 75  # what the CRM takes
MOST_RESULTS = 20
JOINERS = "\u200c\u200d"  # zero-width non-joiner and joiner


@dataclass(frozen=True)
class Found:
    """A search result as the course page shows it."""

    contact: Contact
    enrolled: bool


@dataclass(frozen=True)
class Search:
    """What came of a search, or in `trouble` the sentence why nothing did."""

    query: str
    found: list[Found] = field(default_factory=list)
    trouble: str | None = None

    @property
    def too_short(self) -> bool:
        return 0 < len(self.query) < SHORTEST_QUERY

    @property
    def cut(self) -> bool:
        """Whether the CRM may have more than are shown."""
        return len(self.found) >= MOST_RESULTS


def look_for(course: Course, words: str) -> Search:
    """The contacts that somebody looks for with what was typed."""
    query = " ".join(words.split())
    if len(query) < SHORTEST_QUERY:
        return Search(query)
    if len(query) > LONGEST_QUERY:
        return Search(query, trouble=f"Please search with {LONGEST_QUERY} characters at most.")
    try:
        return Search(query, search(course, query))
    except (OutsideError, Hold) as trouble:
        log.warning("contacts were not searched: %s", trouble)
        sentence = sentence_for(trouble) if isinstance(trouble, OutsideError) else trouble.reason
        return Search(query, trouble=sentence)


def search(course: Course, query: str) -> list[Found]:
    """Contacts of this account's location; OutsideError or Hold when the CRM does not answer."""
    contacts = connections.crm(course.account).search_contacts(query, MOST_RESULTS)
    enrolled = set(
        db.session.scalars(
            select(Learner.crm_contact_id)
            .join(Enrollment, Enrollment.learner_id == Learner.id)
            .where(
                Enrollment.course_id == course.id,
                Enrollment.withdrawn_at.is_(None),
                Learner.crm_contact_id.in_([contact.id for contact in contacts]),
            )
        )
    )
    return [Found(contact, contact.id in enrolled) for contact in contacts]


def learner_from_contact(account: Account, contact_id: str) -> Learner:
    """The learner tied to this contact; made, or joined to a self-enrolled one, at first use.

    The contact is read from the CRM, never taken from the browser. NotFound if the CRM has it not.
    """
    known = by_contact(contact_id)
    if known is not None:
        return known
    try:
        contact = connections.crm(account).contact(contact_id)
    except OutsideError as error:
        if error.is_gone or error.is_forbidden:
            raise NotFound("This contact is no longer in your CRM.") from error
        raise
    return keep(account, contact)


def keep(account: Account, contact: Contact) -> Learner:
    """The learner of a contact that was just read; two requests at once make one learner."""
    learner = waiting_for_contact(contact.email) or Learner(account_id=account.id)
    take_over(learner, contact)
    try:
        with db.session.begin_nested():
            db.session.add(learner)
    except IntegrityError:
        present = by_contact(contact.id)
        if present is None:
            raise
        return present
    return learner


def take_over(learner: Learner, contact: Contact) -> None:
    """The CRM's word on who somebody is."""
    first, last = names_of(contact)
    learner.first_name, learner.last_name = clean_name(first), clean_name(last)
    learner.set_email(contact.email)
    learner.business_id = contact.business_id or None
    learner.company_name = contact.company_name or None
    learner.link_contact(contact.id)


def names_of(contact: Contact) -> tuple[str, str]:
    if contact.first_name or contact.last_name:
        return contact.first_name, contact.last_name
    first, _, last = contact.full_name.partition(" ")
    return first, last


def by_contact(contact_id: str) -> Learner | None:
    return db.session.scalar(select(Learner).where(Learner.crm_contact_id == contact_id))


def waiting_for_contact(email: str) -> Learner | None:
    """A self-enrolled learner with this address whose contact is not known yet."""
    if not email_key(email):
        return None
    return db.session.scalar(
        select(Learner).where(
            Learner.email_key == email_key(email), Learner.crm_contact_id.is_(None)
        )
    )


def clean_name(text: str) -> str:
    """NFC, one line, at most 120 characters, no control or direction-changing characters."""
    text = unicodedata.normalize("NFC", text or "")
    kept = (
        letter
        for place, letter in enumerate(text)
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs") or joins(text, place)
    )
    return " ".join("".join(kept).split())[:120].rstrip(JOINERS)


def joins(text: str, place: int) -> bool:
    """An invisible joiner between letters: Persian and many Indian names are not written rightly
    without it."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    beside_letters = all(one and unicodedata.category(one)[0] in "LM" for one in (before, after))
    return text[place] in JOINERS and beside_letters
