"""The completion note. Writing one cannot be repeated safely, so each carries a reference.

A note is looked for by that reference before any second try. Whether one is written is decided
once, at completion: turning the switch on later does not flood the timelines with old news.
"""

from __future__ import annotations

from sqlalchemy import select

from app import connections
from app.clients.crm import Crm, Note
from app.extensions import db
from app.models import Certificate, CrmEffect, Enrollment
from app.sync import crm_state
from app.sync.crm_state import Facts


def wanted(effect: CrmEffect) -> Facts | None:
    enrollment = effect.enrollment
    if enrollment is None or not enrollment.completed or enrollment.learner.erased_at:
        return None
    decided_against = effect.wanted_at is not None and effect.wanted_digest is None
    if effect.written_at is None and (decided_against or not enrollment.account.write_notes):
        return None
    return {"note": effect.subject}


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    enrollment = effect.enrollment
    assert enrollment is not None and enrollment.learner.crm_contact_id
    contact_id, reference = enrollment.learner.crm_contact_id, crm_state.reference(effect.id)
    note = find(crm, contact_id, reference) if effect.unsure_since else None
    if note is None:
        text = crm_state.note(
            enrollment, enrollment.account.zone, reference, certificate_address(enrollment)
        )
        note = crm.create_note(contact_id, text)
    effect.wrote(crm_state.digest(facts), facts, note.id)


def find(crm: Crm, contact_id: str, reference: str) -> Note | None:
    return next((note for note in crm.notes(contact_id) if reference in note.body), None)


def certificate_address(enrollment: Enrollment) -> str | None:
    """Where anybody can verify the valid certificate of this enrolment."""
    number = db.session.scalar(
        select(Certificate.number)
        .where(
            Certificate.account_id == enrollment.account_id,
            Certificate.enrollment_id == enrollment.id,
            Certificate.revoked_at.is_(None),
            Certificate.superseded_at.is_(None),
        )
        .order_by(Certificate.issue.desc())
        .limit(1)
    )
    return connections.public_address(f"/verify/{number}") if number else None
