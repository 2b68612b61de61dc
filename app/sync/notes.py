"""The notes: on the completion, and on a pass that comes later. Writing one cannot be repeated
safely, so each carries a reference.

A note is looked for by that reference before any second try. Whether one is written is decided
once, at the milestone: turning the switch on later does not flood the timelines with old news.
"""

from __future__ import annotations

from sqlalchemy import select

from app import connections
from app.clients.crm import Crm, Note
from app.extensions import db
from app.models import Certificate, CrmEffect, EffectKind, Enrollment, Outcome
from app.sync import crm_state, ledger
from app.sync.crm_state import Facts

AWAITED = "Waits for the completion note."
TOLD = "told the pass"  # of the completion note, in what was written


def wanted(effect: CrmEffect) -> Facts | None:
    enrollment = effect.enrollment
    if enrollment is None or not enrollment.completed or enrollment.learner.erased_at:
        return None
    decided_against = effect.wanted_at is not None and effect.wanted_digest is None
    if effect.written_at is None and (decided_against or not enrollment.account.write_notes):
        return None
    if is_late_pass(effect) and not news_of_pass(effect, enrollment):
        return None
    return {"note": effect.subject}


def is_late_pass(effect: CrmEffect) -> bool:
    return effect.subject.endswith(f":{ledger.PASSED}")


def news_of_pass(effect: CrmEffect, enrollment: Enrollment) -> bool:
    """Unless the completion note was written so late that it told the pass itself."""
    completion = completion_note(effect)
    told = completion is not None and completion.written.get(TOLD, False)
    return enrollment.result == Outcome.PASSED and (effect.written_at is not None or not told)


def first(effect: CrmEffect) -> str | None:
    """A pass is told after the completion, where that is still to be told."""
    if not is_late_pass(effect) or effect.written_at:
        return None
    completion = completion_note(effect)
    pending = completion is not None and completion.wanted_digest and not completion.written_at
    return AWAITED if pending else None


def completion_note(effect: CrmEffect) -> CrmEffect | None:
    """The row of the completion note beside another row of the same enrollment."""
    subject = f"{effect.enrollment_id}:{ledger.COMPLETED}"
    return ledger.find(effect.account_id, EffectKind.NOTE, subject)


def after_completion(effect: CrmEffect) -> list[CrmEffect]:
    """What may have waited for this note."""
    assert effect.enrollment is not None
    late = ledger.late_pass(effect.enrollment, ledger.of_learner(effect.enrollment.learner))
    return [late] if late is not None and late is not effect else []


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    enrollment = effect.enrollment
    assert enrollment is not None and enrollment.learner.crm_contact_id
    contact_id, reference = enrollment.learner.crm_contact_id, crm_state.reference(effect.id)
    note = find(crm, contact_id, reference) if effect.unsure_since else None
    text = note.body if note else ""
    if note is None:
        milestone = ledger.PASSED if is_late_pass(effect) else ledger.COMPLETED
        address = certificate_address(enrollment)
        text = crm_state.note(enrollment, enrollment.account.zone, reference, address, milestone)
        note = crm.create_note(contact_id, text)
    told = {TOLD: crm_state.PASSED_LINE in text}
    effect.wrote(crm_state.digest(facts), facts | told, note.id)


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
