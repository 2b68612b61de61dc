"""Makes the CRM show what it should: `mark` notes what is wanted, `write` does one row's write.

`mark` belongs into the transaction that changed something; it touches the ledger only. A row whose
wanted and written state differ owes work and is written by a worker, once, as soon as what it needs
is there. Trouble that can pass is retried with growing gaps, trouble that cannot is parked with its
reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app import connections
from app.background import later, owed_with
from app.clients.crm import OutsideError
from app.errors import AppError, Hold
from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Enrollment, Learner, new_id
from app.sync import (
    contacts,
    crm_state,
    kinds,
    ledger,
    provisioning,
    tags,
    tags_together,
    writing,
)
from app.sync.ledger import Rows
from app.sync.writing import Aftermath

BATCH = 100  # learners marked anew in one go
MANY = 10  # rows beyond these are rung for by the clock


def mark(enrollment: Enrollment) -> None:
    """Notes what the CRM should show now for this enrolment, its learner and the company."""
    learner = enrollment.learner
    known = ledger.of_learner(learner)
    _mark_person(learner, known)
    _mark_course(enrollment, known)
    _mark_company(learner, known)


def note_late_pass(enrollment: Enrollment) -> None:
    """A note of its own for who passes after a completion without a pass; `mark` then does it."""
    known = ledger.of_learner(enrollment.learner)
    ledger.for_enrollment(enrollment, EffectKind.NOTE, known, ledger.PASSED)


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


def find_contact_again(learner: Learner) -> Learner | None:
    """The CRM has the learner's contact no more: follows it to where it was merged, else says on
    everything that is owed that it was deleted. Returns whose the living contact is, if any.
    """
    living = contacts.look_again(learner, connections.crm(learner.account))
    for one in {learner, living or learner}:
        mark_learner(one)
    return living


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


@owed_with(tags_together.classmates, early=tags.PAUSE)
def write(effect: CrmEffect, others: Sequence[CrmEffect] = ()) -> None:
    """Does one row's owed write, and what others owe by the same call; says on each what came of
    it."""
    if others and tags_together.write(effect, others):
        return
    try:
        if effect.kind == EffectKind.ALL:
            _mark_next(effect)
        elif effect.kind == EffectKind.OBJECTS:
            _provision(effect)
        else:
            _follow(writing.attempt(effect))
    except (Hold, AppError, OutsideError) as trouble:
        writing.note_failure(effect, trouble)


def _follow(aftermath: Aftermath) -> None:
    """What one write has changed for other rows."""
    for row in aftermath.owed:
        later(write, row)
    for row in aftermath.freed:
        _mark_row(row, quietly=len(aftermath.freed) > MANY)
    for learner in aftermath.learners:
        mark_learner(learner)


def _mark_person(learner: Learner, known: Rows, quietly: bool = False) -> None:
    for kind in (EffectKind.CONTACT, EffectKind.TAGS, EffectKind.COUNTERS):
        if kind == EffectKind.CONTACT and learner.crm_contact_id:
            continue  # it is there, nothing has to be found
        _mark_row(ledger.for_learner(learner, kind, known), quietly)


def _mark_course(enrollment: Enrollment, known: Rows, quietly: bool = False) -> None:
    _mark_row(ledger.for_enrollment(enrollment, EffectKind.RECORD, known), quietly)
    _mark_row(ledger.for_enrollment(enrollment, EffectKind.RELATION, known), quietly)
    if not enrollment.completed:
        return
    for milestone in (ledger.COMPLETED, ledger.PASSED):
        if milestone == ledger.COMPLETED or ledger.late_pass(enrollment, known):
            row = ledger.for_enrollment(enrollment, EffectKind.NOTE, known, milestone)
            _mark_row(row, quietly)


def _mark_company(learner: Learner, known: Rows, quietly: bool = False) -> None:
    """The company's summary, and that of the company which the learner has left."""
    counters_row = ledger.for_learner(learner, EffectKind.COUNTERS, known)
    left = counters_row.business_id
    counters_row.business_id = learner.business_id
    for business_id in {left, learner.business_id} - {None}:
        assert business_id is not None
        _mark_row(ledger.for_company(learner.account_id, business_id), quietly)
    if learner.business_id or (EffectKind.MEMBERSHIP, learner.id) in known:
        _mark_row(ledger.for_learner(learner, EffectKind.MEMBERSHIP, known), quietly)


def _mark_row(effect: CrmEffect, quietly: bool = False) -> None:
    """Rings if the row owes work and can be written; says what it waits for if it cannot."""
    kind = kinds.of(effect)
    facts = kind.wanted(effect)
    wanted = crm_state.digest(facts) if facts is not None else None
    dismissed = effect.dismissed_by if effect.last_error == contacts.GONE else None
    news = effect.want(wanted, lambda: kind.pause(effect))
    stuck = effect.waiting or effect.last_error == contacts.GONE
    if not (news or stuck):
        return
    if effect.learner is not None and contacts.lost(effect.learner):
        effect.park(contacts.GONE)
        if dismissed:  # that the contact is gone is known, and somebody has said that it may be
            effect.dismiss(dismissed)
        return
    if reason := kind.first(effect):
        effect.wait_for(reason)
        return
    if stuck:
        effect.owe()
    if not quietly:
        later(write, effect, wait=effect.due_in)


def _mark_next(effect: CrmEffect) -> None:
    """One batch of all learners; the row keeps how far it came and owes work until the end.

    For an account that is asleep nothing is marked: waking up marks everybody anew.
    """
    if not effect.account.active:
        return
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
    if provisioning.ensure(account):
        effect.wrote(None, {})
        mark_account(account)
    else:
        effect.end_try()
        effect.park("Some objects must be created by hand in the CRM.")
