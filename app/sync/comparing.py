"""What one learner's contact, or one record, shows in the CRM beside what was written there.

Reads only, and asks for no more than the rows at hand need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.clients.crm import Crm, Note, OutsideError
from app.models import Account, CrmEffect, EffectKind
from app.sync import differences, objects

TIES = {EffectKind.RELATION: "record", EffectKind.MEMBERSHIP: "summary"}  # what is at the other end
ON_CONTACT = (EffectKind.TAGS, EffectKind.COUNTERS, EffectKind.NOTE, *TIES)

Finding = tuple[CrmEffect, str | None]


def compare(account: Account, effects: Sequence[CrmEffect], crm: Crm) -> Iterator[Finding]:
    """Each row with how the CRM differs, None for not at all. Asks for no more than is needed."""
    on_contact = [one for one in effects if one.kind in ON_CONTACT]
    contact_id = next((one.learner.crm_contact_id for one in on_contact if one.learner), None)
    if on_contact and contact_id:
        yield from compare_contact(account, on_contact, contact_id, crm)
    for effect in effects:
        if effect.kind in (EffectKind.RECORD, EffectKind.SUMMARY):
            yield effect, record_difference(account, effect, crm)


def compare_contact(
    account: Account, effects: Sequence[CrmEffect], contact_id: str, crm: Crm
) -> Iterator[Finding]:
    kinds = {effect.kind for effect in effects}
    try:
        contact = crm.contact(contact_id)
        notes = crm.notes(contact_id) if EffectKind.NOTE in kinds else []
        related = _related(account, contact_id, crm) if kinds & TIES.keys() else set()
    except OutsideError as error:
        if not error.is_gone:
            raise
        yield from ((effect, differences.CONTACT_GONE) for effect in effects)
        return
    ours = {
        key: contact.custom_fields.get(id) for key, id in objects.contact_fields(account).items()
    }
    for effect in effects:
        if effect.kind == EffectKind.TAGS:
            yield effect, differences.tags(effect.written.get("tags", []), contact.tags)
        elif effect.kind == EffectKind.COUNTERS:
            known = {name: value for name, value in effect.written.items() if name in ours}
            yield effect, differences.fields(known, ours)
        elif effect.kind == EffectKind.NOTE:
            yield effect, None if _has_note(effect, notes) else differences.NOTE_GONE
        else:
            other_end = effect.written.get(TIES[EffectKind(effect.kind)])
            there = other_end is None or other_end in related
            yield effect, None if there else differences.RELATION_GONE


def record_difference(account: Account, effect: CrmEffect, crm: Crm) -> str | None:
    schema = objects.kept(account, str(effect.kind))
    assert effect.crm_id is not None
    try:
        record = crm.record(schema.key, effect.crm_id)
    except OutsideError as error:
        if error.is_gone:
            return differences.RECORD_GONE
        raise
    return differences.fields(effect.written, schema.our_names(record.properties))


def _related(account: Account, contact_id: str, crm: Crm) -> set[str]:
    """Ids of the records that the contact is tied to by our associations."""
    relations = crm.relations(contact_id, [tie.id for tie in objects.ties(account)])
    ends = {end for one in relations for end in (one.first_record_id, one.second_record_id)}
    return ends - {contact_id}


def _has_note(effect: CrmEffect, notes: Sequence[Note]) -> bool:
    return any(note.id == effect.crm_id for note in notes)
