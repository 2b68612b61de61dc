"""Drift: does the CRM still show what was written there? A check finds out, a repair mends it.

A check goes through all learners in small steps with pauses, so that it leaves the CRM's pace to
the writes that people wait for. Only settled rows of the ledger are compared; what differs is noted
on them. A repair makes these rows owe their write again, and `push` does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app import connections
from app.background import later, owed
from app.clients.crm import Crm, Note, OutsideError
from app.errors import Hold
from app.extensions import db
from app.models import Account, ContactState, CrmEffect, DriftCheck, EffectKind, Learner
from app.sync import differences, objects, push

STEP = 10  # learners, or companies, looked at in one go
PAUSE = timedelta(seconds=3)
COMPANIES = "~"  # stands behind all ids of learners
RING_AT_ONCE = 100  # repairs beyond these are rung for by the clock

Finding = tuple[CrmEffect, str | None]


def start(account: Account, by: str, learner: Learner | None = None) -> DriftCheck:
    """A check of everything, or of one learner; one that is under way is returned instead."""
    going_on = latest(account)
    if going_on is not None and going_on.running:
        return going_on
    check = DriftCheck(account_id=account.id, started_by=by)
    check.learner_id = learner.id if learner else None
    db.session.add(check)
    check.total = 1 if learner else db.session.scalar(_count(_learners(account))) or 0
    check.owe()
    later(continue_check, check)
    return check


def latest(account: Account) -> DriftCheck | None:
    newest = select(DriftCheck).where(DriftCheck.account_id == account.id)
    return db.session.scalar(newest.order_by(DriftCheck.created_at.desc()).limit(1))


def count(account: Account) -> int:
    return db.session.scalar(_count(_differing(account))) or 0


def repair(account: Account, by: str) -> int:
    """Makes everything that differs owe its write again. How many."""
    effects = db.session.scalars(_differing(account)).all()
    for effect in effects:
        mend(effect)
    for effect in effects[:RING_AT_ONCE]:
        later(push.write, effect)
    check = latest(account)
    if check is not None and effects:
        check.repair(len(effects), by)
    return len(effects)


def mend(effect: CrmEffect) -> None:
    """Owes the write again, knowing only what is still true of what the CRM has."""
    if effect.drift in (differences.RECORD_GONE, differences.NOTE_GONE):
        effect.forget()
    elif effect.kind == EffectKind.TAGS:
        effect.distrust()  # which tags are ours must not be forgotten
    else:
        effect.distrust()
        effect.written = {}
    effect.drift = None
    effect.owe()


@owed
def continue_check(check: DriftCheck) -> None:
    """The next few learners, then the companies; asks first and notes what was found after."""
    step = next_step(check)
    if not step:
        check.finish_check()
        return
    seen = look(check.account, step)
    for effect, difference in seen.findings:
        effect.drift = difference
        check.found += difference is not None
    check.looked_at += sum(not key.startswith(COMPANIES) for key in seen.keys)
    check.unread += seen.unread
    check.after = seen.keys[-1]
    check.postpone(PAUSE)


@dataclass
class Seen:
    """What one step has seen, and of whom."""

    findings: list[Finding] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unread: int = 0


def look(account: Account, step: Sequence[tuple[str, list[CrmEffect]]]) -> Seen:
    """Asks the CRM about each; changes nothing. Trouble that can pass ends the step early, so that
    what was seen is kept; it is raised if nothing was."""
    crm, seen = connections.crm(account), Seen()
    for key, effects in step:
        try:
            seen.findings += list(compare(account, effects, crm))
        except (Hold, OutsideError) as trouble:
            if isinstance(trouble, Hold) or trouble.can_retry or trouble.is_unauthorised:
                if not seen.keys:
                    raise
                break
            seen.unread += 1
        seen.keys.append(key)
    return seen


def next_step(check: DriftCheck) -> list[tuple[str, list[CrmEffect]]]:
    """Up to STEP subjects behind the last one, each with its key and its settled rows."""
    if check.learner_id:
        return [] if check.after else [(check.learner_id, _settled_of(check.learner_id))]
    if not check.after.startswith(COMPANIES):
        behind = _learners(check.account).where(Learner.id > check.after)
        ids = db.session.scalars(behind.order_by(Learner.id).limit(STEP)).all()
        if ids:
            return [(learner_id, _settled_of(learner_id)) for learner_id in ids]
    behind_company = check.after.removeprefix(COMPANIES) if COMPANIES in check.after else ""
    summaries = _settled().where(
        CrmEffect.account_id == check.account_id,
        CrmEffect.kind == EffectKind.SUMMARY,
        CrmEffect.id > behind_company,
    )
    rows = db.session.scalars(summaries.order_by(CrmEffect.id).limit(STEP)).all()
    return [(f"{COMPANIES}{row.id}", [row]) for row in rows]


def compare(account: Account, effects: Sequence[CrmEffect], crm: Crm) -> Iterator[Finding]:
    """Each row with how the CRM differs, None for not at all. Asks for no more than is needed."""
    on_contact = [one for one in effects if one.kind in ON_CONTACT]
    contact_id = next((one.learner.crm_contact_id for one in on_contact if one.learner), None)
    if on_contact and contact_id:
        yield from compare_contact(account, on_contact, contact_id, crm)
    for effect in effects:
        if effect.kind in (EffectKind.RECORD, EffectKind.SUMMARY):
            yield effect, record_difference(account, effect, crm)


ON_CONTACT = (EffectKind.TAGS, EffectKind.COUNTERS, EffectKind.NOTE, EffectKind.RELATION)


def compare_contact(
    account: Account, effects: Sequence[CrmEffect], contact_id: str, crm: Crm
) -> Iterator[Finding]:
    kinds = {effect.kind for effect in effects}
    try:
        contact = crm.contact(contact_id)
        notes = crm.notes(contact_id) if EffectKind.NOTE in kinds else []
        related = _related(account, contact_id, crm) if EffectKind.RELATION in kinds else set()
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
            there = effect.written.get("record") in related
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
    """Ids of the records that the contact is tied to by our association."""
    relations = crm.relations(contact_id, [objects.association(account).id])
    ends = {end for one in relations for end in (one.first_record_id, one.second_record_id)}
    return ends - {contact_id}


def _has_note(effect: CrmEffect, notes: Sequence[Note]) -> bool:
    return any(note.id == effect.crm_id for note in notes)


def _learners(account: Account) -> Select[Any]:
    return select(Learner.id).where(
        Learner.account_id == account.id,
        Learner.contact_state == ContactState.LINKED,
        Learner.erased_at.is_(None),
    )


def _settled() -> Select[Any]:
    """Rows that say what the CRM shows: written, and nothing owed or given up since."""
    return select(CrmEffect).where(
        CrmEffect.written_at.is_not(None),
        CrmEffect.written_digest == CrmEffect.wanted_digest,
        CrmEffect.due_at.is_(None),
        CrmEffect.parked_at.is_(None),
    )


def _settled_of(learner_id: str) -> list[CrmEffect]:
    return list(db.session.scalars(_settled().where(CrmEffect.learner_id == learner_id)))


def _differing(account: Account) -> Select[Any]:
    return select(CrmEffect).where(CrmEffect.account_id == account.id, CrmEffect.drift.is_not(None))


def _count(statement: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(statement.subquery())
