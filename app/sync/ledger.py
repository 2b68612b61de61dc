"""The rows of the ledger: one per subject and kind, made when it is first needed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Enrollment, Learner

COMPLETED, PASSED = "completed", "passed"  # the milestones that earn a note
Rows = dict[tuple[str, str], CrmEffect]  # by kind and subject


def find(account_id: str, kind: EffectKind, subject: str) -> CrmEffect | None:
    return db.session.scalar(
        select(CrmEffect).where(
            CrmEffect.account_id == account_id,
            CrmEffect.kind == kind,
            CrmEffect.subject == subject,
        )
    )


def of_learner(learner: Learner) -> Rows:
    """All rows of a learner and of the learner's enrolments, in one query."""
    rows = db.session.scalars(
        select(CrmEffect).where(
            CrmEffect.account_id == learner.account_id, CrmEffect.learner_id == learner.id
        )
    )
    return {(row.kind, row.subject): row for row in rows}


def for_learner(learner: Learner, kind: EffectKind, known: Rows) -> CrmEffect:
    row = known.get((kind, learner.id))
    if row is None:
        row = _make(learner.account_id, kind, learner.id, learner_id=learner.id)
        known[kind, learner.id] = row
    set_committed_value(row, "learner", learner)
    return row


def for_enrollment(
    enrollment: Enrollment, kind: EffectKind, known: Rows, milestone: str = ""
) -> CrmEffect:
    subject = f"{enrollment.id}:{milestone}" if milestone else enrollment.id
    row = known.get((kind, subject))
    if row is None:
        whose = {"learner_id": enrollment.learner_id, "enrollment_id": enrollment.id}
        row = known[kind, subject] = _make(enrollment.account_id, kind, subject, **whose)
    set_committed_value(row, "enrollment", enrollment)
    set_committed_value(row, "learner", enrollment.learner)
    return row


def late_pass(enrollment: Enrollment, known: Rows) -> CrmEffect | None:
    """The note of a pass that came after the completion, if there was one."""
    return known.get((EffectKind.NOTE, f"{enrollment.id}:{PASSED}"))


def for_company(account_id: str, business_id: str) -> CrmEffect:
    found = find(account_id, EffectKind.SUMMARY, business_id)
    return found or _make(account_id, EffectKind.SUMMARY, business_id, business_id=business_id)


def for_account(account: Account, kind: EffectKind) -> CrmEffect:
    return find(account.id, kind, account.id) or _make(account.id, kind, account.id)


def _make(account_id: str, kind: EffectKind, subject: str, **whose: Any) -> CrmEffect:
    row = CrmEffect(account_id=account_id, kind=kind, subject=subject, written={}, **whose)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # somebody else made it in this moment
        found = find(account_id, kind, subject)
        if found is None:
            raise
        return found
    return row
