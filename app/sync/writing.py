"""One row's write: works out once more what should be there, and makes the CRM so.

A write whose answer was lost is looked for before it is made again. When the CRM no longer has what
the write was about, it is found again or made anew, or the row says what became of it. What this
means for other rows is left to `push`, as an `Aftermath`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app import connections
from app.background import note_trouble
from app.clients.crm import Crm, OutsideError
from app.errors import AppError, Hold
from app.models import CrmEffect, EffectKind, Learner, now
from app.sync import contacts, crm_state, kinds, ledger, memberships, notes, objects, records

log = logging.getLogger(__name__)

LOOK_AFTER = timedelta(seconds=30)  # the CRM's search needs a moment to see its own writes
LOOKING = "Its last answer was lost; it is looked for before the next try."
RECONNECT = "The CRM refuses our access. Reconnect it, or allow what the app asks for."


@dataclass(frozen=True)
class Aftermath:
    """What one write has changed for others."""

    learners: Sequence[Learner] = ()  # everything of them is to be worked out anew
    owed: Sequence[CrmEffect] = ()  # owe their write at once
    freed: Sequence[CrmEffect] = ()  # may have waited for this


NOTHING = Aftermath()


def attempt(effect: CrmEffect) -> Aftermath:
    """Writes the row if it has to be and can be; raises Hold, AppError or OutsideError."""
    kind = kinds.of(effect)
    facts = kind.wanted(effect)
    wanted = crm_state.digest(facts) if facts is not None else None
    if facts is None or (wanted == effect.written_digest and not effect.unsure_since):
        effect.end_try()
        effect.wanted_digest = wanted
        return NOTHING
    if effect.learner is not None and contacts.lost(effect.learner):
        effect.end_try()
        return contact_gone(effect, effect.learner, connections.crm(effect.account))
    if reason := kind.first(effect):
        effect.end_try()
        effect.wait_for(reason)
        return NOTHING
    if kind.makes_new and effect.crm_id is None and (wait := too_early(effect)):
        effect.end_try()
        effect.postpone(wait, LOOKING)
        return NOTHING
    before, crm = effect.crm_id, connections.crm(effect.account)
    try:
        kind.write(effect, facts, crm)
    except OutsideError as error:
        if not error.is_gone:
            raise
        return gone(effect, crm)
    return done(effect, made=effect.crm_id != before)


def too_early(effect: CrmEffect) -> timedelta:
    if effect.unsure_since is None:
        return timedelta()
    return max(effect.unsure_since + LOOK_AFTER - now(), timedelta())


def done(effect: CrmEffect, made: bool) -> Aftermath:
    """Something is there now that others may have waited for."""
    if effect.kind == EffectKind.CONTACT and effect.crm_id:
        holder = contacts.holder_of(effect.account_id, effect.crm_id)
        assert holder is not None
        return Aftermath(learners=[holder])
    if effect.kind == EffectKind.RECORD and effect.enrollment is not None:
        known = ledger.of_learner(effect.enrollment.learner)
        return Aftermath(
            freed=[ledger.for_enrollment(effect.enrollment, EffectKind.RELATION, known)]
        )
    if effect.kind == EffectKind.NOTE:
        return Aftermath(freed=notes.after_completion(effect))
    if effect.kind == EffectKind.SUMMARY and made:
        return Aftermath(freed=memberships.of_company(effect.account_id, effect.subject))
    return NOTHING


def gone(effect: CrmEffect, crm: Crm) -> Aftermath:
    """The CRM no longer has what the write was about: a contact, a record, or an object of ours."""
    effect.end_try()
    if effect.kind in (EffectKind.RECORD, EffectKind.SUMMARY):
        return record_gone(effect)
    if effect.learner is None:
        return NOTHING
    record = other_end(effect)
    if record is not None and contact_lives(effect.learner, crm):
        effect.wait_for(records.RECORD_AWAITED)
        return record_gone(record)
    return contact_gone(effect, effect.learner, crm)


def other_end(effect: CrmEffect) -> CrmEffect | None:
    """The row of the record to which this row ties the contact."""
    if effect.kind == EffectKind.RELATION:
        return records.record_of(effect)
    if effect.kind == EffectKind.MEMBERSHIP and effect.learner is not None:
        return memberships.summary_of(effect.learner)
    return None


def record_gone(record: CrmEffect) -> Aftermath:
    if record.crm_id is None:  # there was nothing to find, so the object itself is missing
        objects.lost(record.account, str(record.kind))
        record.wait_for(objects.AWAITED)
        return NOTHING
    record.forget()
    record.owe()
    return Aftermath(owed=[record])


def contact_lives(learner: Learner, crm: Crm) -> bool:
    assert learner.crm_contact_id
    try:
        crm.contact(learner.crm_contact_id)
    except OutsideError as error:
        if error.is_gone:
            return False
        raise
    return True


def contact_gone(effect: CrmEffect, learner: Learner, crm: Crm) -> Aftermath:
    living = contacts.look_again(learner, crm)
    if living is not None:
        if effect.learner_id == living.id:
            effect.owe()
        return Aftermath(learners=list({learner, living}))
    for one in contacts.effects_of(learner):
        if one is effect or one.owes_work or one.waiting:
            one.park(contacts.GONE)
    return NOTHING


def note_failure(effect: CrmEffect, trouble: Hold | AppError | OutsideError) -> None:
    """Says on the row what happened, and whether the CRM may have written all the same."""
    unsure = isinstance(trouble, OutsideError) and trouble.outcome_unknown
    effect.end_try(unsure=unsure)
    if isinstance(trouble, OutsideError) and (trouble.is_unauthorised or trouble.is_forbidden):
        log.warning("%s %s: %s", effect.kind, effect.id, trouble)
        effect.fail(RECONNECT)  # heals once somebody does that
    else:
        note_trouble(effect, trouble)
