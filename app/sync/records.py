"""Custom object records: the Training Record of an enrolment, its tie to the contact.

The CRM keeps nothing unique, so every record carries our key and is looked for by it before one is
created.
"""

from __future__ import annotations

from app.clients.crm import Crm
from app.models import CrmEffect, EffectKind
from app.sync import crm_state, ledger, notes, objects
from app.sync.crm_state import Facts

RECORD_AWAITED = "Waits for the Training Record."


def wanted(effect: CrmEffect) -> Facts | None:
    enrollment = effect.enrollment
    if enrollment is None or enrollment.learner.erased_at:
        return None
    certificate = notes.certificate_address(enrollment)
    return crm_state.record(enrollment, enrollment.account.zone, certificate)


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    put(effect, facts, crm, objects.kept(effect.account, objects.RECORD))


def put(effect: CrmEffect, facts: Facts, crm: Crm, schema: objects.Kept) -> None:
    """Makes one record show these facts: creates it, or changes what differs."""
    record_id, known = effect.crm_id, effect.written
    if record_id is None:
        found = crm.find_record(schema.key, objects.HUB_KEY, facts[objects.HUB_KEY])
        if found is not None:
            record_id, known = found.id, schema.our_names(found.properties)
    if record_id is None:
        record_id = crm.create_record(schema.key, schema.their_names(facts)).id
    elif changed := changes(facts, known):
        crm.update_record(schema.key, record_id, schema.their_names(changed))
    effect.wrote(crm_state.digest(facts), facts, record_id)


def changes(facts: Facts, known: Facts) -> Facts:
    """What to send so that `known` becomes `facts`; None empties a property."""
    gone = {name: None for name in known if name not in facts and name != objects.HUB_KEY}
    return {name: value for name, value in facts.items() if known.get(name) != value} | gone


def wanted_relation(effect: CrmEffect) -> Facts | None:
    enrollment = effect.enrollment
    if enrollment is None or enrollment.learner.erased_at:
        return None
    return {"contact": enrollment.learner.crm_contact_id, "record": record_id(effect)}


def first_for_relation(effect: CrmEffect) -> str | None:
    return None if record_id(effect) else RECORD_AWAITED


def write_relation(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    """Ties the record to the contact."""
    tie = objects.tie(effect.account, objects.RECORD_TIE)
    crm.create_relation(tie.id, *tie.in_order(facts["contact"], facts["record"]))
    effect.wrote(crm_state.digest(facts), facts)


def record_of(effect: CrmEffect) -> CrmEffect | None:
    """The row of the Training Record beside another row of the same enrolment."""
    assert effect.enrollment_id is not None
    return ledger.find(effect.account_id, EffectKind.RECORD, effect.enrollment_id)


def record_id(effect: CrmEffect) -> str | None:
    record = record_of(effect)
    return record.crm_id if record else None
