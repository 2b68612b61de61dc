"""Makes the CRM show what it should: `mark` notes what is wanted, `write` does one row's write.

`mark` belongs into the transaction that changed something; it touches the ledger only. A row whose
wanted and written state differ owes work and is written by a worker, once, as soon as what it needs
is there. Trouble that can pass is retried with growing gaps, trouble that cannot is parked with its
reason, and a write whose answer was lost is looked for before it is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app import connections
from app.background import later, note_trouble, owed
from app.clients.crm import Crm, OutsideError
from app.errors import AppError, Hold
from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Enrollment, Learner, new_id, now
from app.sync import companies, contacts, counters, crm_state, ledger, notes, objects, records, tags
from app.sync.crm_state import Facts
from app.sync.ledger import Rows

LOOK_AFTER = timedelta(seconds=30)  # the CRM's search needs a moment to see its own writes
BATCH = 100  # learners marked anew in one go
RECONNECT = "The CRM refuses our access. Reconnect it, or allow what the app asks for."


@dataclass(frozen=True)
class Kind:
    """How one kind of row is worked out, what it waits for, and how it is written."""

    wanted: Callable[[CrmEffect], Facts | None]
    write: Callable[[CrmEffect, Facts, Crm], None]
    first: Callable[[CrmEffect], str | None] = lambda effect: None
    makes_new: bool = False  # a second write would make a second thing
    pause: timedelta = timedelta()


def needs_contact(effect: CrmEffect) -> str | None:
    assert effect.learner is not None
    return contacts.first(effect.learner)


def needs_contact_fields(effect: CrmEffect) -> str | None:
    return needs_contact(effect) or objects.first(effect.account, "contact_fields")


def needs_record(effect: CrmEffect) -> str | None:
    return (
        objects.first(effect.account, objects.RECORD, "association")
        or needs_contact(effect)
        or records.first_for_relation(effect)
    )


def needs_record_object(effect: CrmEffect) -> str | None:
    return objects.first(effect.account, objects.RECORD) or needs_contact(effect)


def needs_summary_object(effect: CrmEffect) -> str | None:
    return objects.first(effect.account, objects.SUMMARY)


KINDS = {
    EffectKind.CONTACT: Kind(contacts.wanted, contacts.write, makes_new=True),
    EffectKind.TAGS: Kind(tags.wanted, tags.write, needs_contact),
    EffectKind.COUNTERS: Kind(counters.wanted, counters.write, needs_contact_fields),
    EffectKind.RECORD: Kind(records.wanted, records.write, needs_record_object, makes_new=True),
    EffectKind.RELATION: Kind(records.wanted_relation, records.write_relation, needs_record),
    EffectKind.NOTE: Kind(notes.wanted, notes.write, needs_contact, makes_new=True),
    EffectKind.SUMMARY: Kind(
        companies.wanted,
        companies.write,
        needs_summary_object,
        makes_new=True,
        pause=companies.PAUSE,
    ),
}


def mark(enrollment: Enrollment) -> None:
    """Notes what the CRM should show now for this enrolment, its learner and the company."""
    learner = enrollment.learner
    known = ledger.of_learner(learner)
    _mark_person(learner, known)
    _mark_course(enrollment, known)
    _mark_company(learner, known)


def mark_learner(learner: Learner, quietly: bool = False) -> None:
    """The same for everything of one learner: after a change of the contact, company or name.

    Quietly: no bell is rung, the clock's sweeper finds the rows, so that the writes of a large
    account do not stand in the queue before everybody else's.
    """
    known = ledger.of_learner(learner)
    _mark_person(learner, known, quietly)
    mine = select(Enrollment).where(
        Enrollment.account_id == learner.account_id, Enrollment.learner_id == learner.id
    )
    for enrollment in db.session.scalars(mine).all():
        _mark_course(enrollment, known, quietly)
    _mark_company(learner, known, quietly)


def mark_account(account: Account) -> None:
    """The same for all learners, in batches by a worker: after a switch, provisioning, reconnect.

    Asked again while it is under way, it starts over: the batches say for which asking they are.
    """
    row = ledger.for_account(account, EffectKind.ALL)
    row.wanted_digest = new_id()
    row.owe()
    later(write, row)


def provision(account: Account) -> None:
    """Provision Now: owed like every other write, so it outlives a restart."""
    row = ledger.for_account(account, EffectKind.OBJECTS)
    row.owe()
    later(write, row)


def retry(effect: CrmEffect) -> None:
    """A person says: try again now."""
    effect.owe()
    later(write, effect)


@owed
def write(effect: CrmEffect) -> None:
    """Does one row's owed write; says on the row what came of it."""
    try:
        if effect.kind == EffectKind.ALL:
            _mark_next(effect)
        elif effect.kind == EffectKind.OBJECTS:
            _provision(effect)
        else:
            _write(effect, KINDS[EffectKind(effect.kind)])
    except (Hold, AppError, OutsideError) as trouble:
        _note(effect, trouble)


def _write(effect: CrmEffect, kind: Kind) -> None:
    facts = kind.wanted(effect)
    wanted = crm_state.digest(facts) if facts is not None else None
    if facts is None or (wanted == effect.written_digest and not effect.unsure_since):
        effect.end_try()
        effect.wanted_digest = wanted
        return
    if effect.learner is not None and contacts.lost(effect.learner):
        _look_for_contact(effect, effect.learner)
        return
    if reason := kind.first(effect):
        effect.end_try()
        effect.wait_for(reason)
        return
    if kind.makes_new and effect.crm_id is None and (wait := _too_early(effect)):
        effect.end_try()
        effect.postpone(wait, "Its last answer was lost; it is looked for before the next try.")
        return
    crm = connections.crm(effect.account)
    try:
        kind.write(effect, facts, crm)
    except OutsideError as error:
        if not error.is_gone:
            raise
        _gone(effect, crm)
    else:
        _release(effect)


def _too_early(effect: CrmEffect) -> timedelta:
    if effect.unsure_since is None:
        return timedelta()
    return max(effect.unsure_since + LOOK_AFTER - now(), timedelta())


def _release(effect: CrmEffect) -> None:
    """Something is there now that others may have waited for."""
    if effect.kind == EffectKind.CONTACT and effect.crm_id:
        learner = contacts.holder_of(effect.account_id, effect.crm_id)
        assert learner is not None
        mark_learner(learner)
    elif effect.kind == EffectKind.RECORD and effect.enrollment is not None:
        known = ledger.of_learner(effect.enrollment.learner)
        _mark_row(ledger.for_enrollment(effect.enrollment, EffectKind.RELATION, known))


def _gone(effect: CrmEffect, crm: Crm) -> None:
    """The CRM no longer has what the write was about: a contact, a record, or an object of ours."""
    effect.end_try()
    if effect.kind in (EffectKind.RECORD, EffectKind.SUMMARY):
        _record_gone(effect)
    elif effect.kind == EffectKind.RELATION and _contact_lives(effect, crm):
        record = records.record_of(effect)
        assert record is not None
        _record_gone(record)
        effect.wait_for(records.RECORD_AWAITED)
    elif effect.learner is not None:
        _contact_gone(effect, effect.learner, crm)


def _record_gone(record: CrmEffect) -> None:
    if record.crm_id is None:  # there was nothing to find, so the object itself is missing
        objects.lost(record.account, str(record.kind))
        record.wait_for(objects.AWAITED)
        return
    record.forget()
    record.owe()
    later(write, record)


def _contact_lives(effect: CrmEffect, crm: Crm) -> bool:
    assert effect.learner is not None and effect.learner.crm_contact_id
    try:
        crm.contact(effect.learner.crm_contact_id)
    except OutsideError as error:
        if error.is_gone:
            return False
        raise
    return True


def _contact_gone(effect: CrmEffect, learner: Learner, crm: Crm) -> None:
    if contacts.look_again(learner, crm):
        effect.owe()
        mark_learner(learner)
        return
    for one in contacts.effects_of(learner):
        if one is effect or one.owes_work or one.waiting:
            one.park(contacts.GONE)


def _look_for_contact(effect: CrmEffect, learner: Learner) -> None:
    effect.end_try()
    _contact_gone(effect, learner, connections.crm(effect.account))


def _note(effect: CrmEffect, trouble: Hold | AppError | OutsideError) -> None:
    unsure = isinstance(trouble, OutsideError) and trouble.outcome_unknown
    effect.end_try(unsure=unsure)
    if isinstance(trouble, OutsideError) and (trouble.is_unauthorised or trouble.is_forbidden):
        effect.fail(f"{RECONNECT} ({trouble.reason})")  # heals once somebody does that
    else:
        note_trouble(effect, trouble)


def _mark_person(learner: Learner, known: Rows, quietly: bool = False) -> None:
    for kind in (EffectKind.CONTACT, EffectKind.TAGS, EffectKind.COUNTERS):
        if kind == EffectKind.CONTACT and learner.crm_contact_id:
            continue  # it is there, nothing has to be found
        _mark_row(ledger.for_learner(learner, kind, known), quietly)


def _mark_course(enrollment: Enrollment, known: Rows, quietly: bool = False) -> None:
    _mark_row(ledger.for_enrollment(enrollment, EffectKind.RECORD, known), quietly)
    _mark_row(ledger.for_enrollment(enrollment, EffectKind.RELATION, known), quietly)
    if enrollment.completed:
        _mark_row(
            ledger.for_enrollment(enrollment, EffectKind.NOTE, known, ledger.COMPLETED), quietly
        )


def _mark_company(learner: Learner, known: Rows, quietly: bool = False) -> None:
    """The company's summary, and that of the company which the learner has left."""
    counters_row = ledger.for_learner(learner, EffectKind.COUNTERS, known)
    left = counters_row.business_id
    counters_row.business_id = learner.business_id
    for business_id in {left, learner.business_id} - {None}:
        assert business_id is not None
        _mark_row(ledger.for_company(learner.account_id, business_id), quietly)


def _mark_row(effect: CrmEffect, quietly: bool = False) -> None:
    """Rings if the row owes work and can be written; says what it waits for if it cannot."""
    kind = KINDS[EffectKind(effect.kind)]
    facts = kind.wanted(effect)
    news = effect.want(crm_state.digest(facts) if facts is not None else None, kind.pause)
    stuck = effect.waiting or effect.last_error == contacts.GONE
    if not (news or stuck):
        return
    if effect.learner is not None and contacts.lost(effect.learner):
        effect.park(contacts.GONE)
        return
    if reason := kind.first(effect):
        effect.wait_for(reason)
        return
    if stuck:
        effect.owe()
    if not quietly:
        later(write, effect, wait=kind.pause)


def _mark_next(effect: CrmEffect) -> None:
    """One batch of all learners; the row keeps how far it came and owes work until the end."""
    asking = effect.wanted_digest
    after = effect.written.get("after", "") if effect.written.get("asking") == asking else ""
    batch = db.session.scalars(
        select(Learner)
        .where(Learner.account_id == effect.account_id, Learner.id > after)
        .order_by(Learner.id)
        .limit(BATCH)
    ).all()
    more = len(batch) == BATCH
    for learner in batch:
        mark_learner(learner, quietly=more)
    if more:
        effect.written = {"asking": asking, "after": batch[-1].id}
        effect.postpone(timedelta())


def _provision(effect: CrmEffect) -> None:
    account = effect.account
    if objects.ensure(account):
        effect.wrote(None, {})
        mark_account(account)
    else:
        effect.end_try()
        effect.park("Some objects must be created by hand in the CRM.")
