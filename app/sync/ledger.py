"""The rows of the ledger: one per subject and kind, made when it is first needed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from app.extensions import db
from app.models import Account, CrmEffect, EffectKind, Enrollment, Learner

COMPLETED = "completed"  # the milestone that earns a note


def find(account_id: str, kind: EffectKind, subject: str) -> CrmEffect | None:
    return db.session.scalar(
        select(CrmEffect).where(
            CrmEffect.account_id == account_id,
            CrmEffect.kind == kind,
            CrmEffect.subject == subject,
        )
    )


def for_learner(learner: Learner, kind: EffectKind) -> CrmEffect:
    row = _find_or_make(learner.account_id, kind, learner.id, learner_id=learner.id)
    set_committed_value(row, "learner", learner)
    return row


def for_enrollment(enrollment: Enrollment, kind: EffectKind, milestone: str = "") -> CrmEffect:
    subject = f"{enrollment.id}:{milestone}" if milestone else enrollment.id
    row = _find_or_make(
        enrollment.account_id,
        kind,
        subject,
        learner_id=enrollment.learner_id,
        enrollment_id=enrollment.id,
    )
    set_committed_value(row, "enrollment", enrollment)
    set_committed_value(row, "learner", enrollment.learner)
    return row


def for_company(account_id: str, business_id: str) -> CrmEffect:
    return _find_or_make(account_id, EffectKind.SUMMARY, business_id, business_id=business_id)


def for_account(account: Account, kind: EffectKind) -> CrmEffect:
    return _find_or_make(account.id, kind, account.id)


def _find_or_make(account_id: str, kind: EffectKind, subject: str, **whose: Any) -> CrmEffect:
    found = find(account_id, kind, subject)
    if found is not None:
        return found
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
