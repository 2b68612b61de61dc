"""The contact's tie to the Company Training Summary; it follows whoever changes company."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.clients.crm import Crm
from app.extensions import db
from app.models import CrmEffect, EffectKind, Learner
from app.sync import crm_state, ledger, objects
from app.sync.crm_state import Facts

SUMMARY_AWAITED = "Waits for the Company Training Summary."


def wanted(effect: CrmEffect) -> Facts | None:
    """None for somebody without a company, unless a tie to an old one is still there."""
    learner = effect.learner
    if learner is None or learner.erased_at:
        return None
    if not learner.business_id and not effect.written.get("summary"):
        return None
    return {"contact": learner.crm_contact_id, "summary": summary_id(learner)}


def first(effect: CrmEffect) -> str | None:
    learner = effect.learner
    assert learner is not None
    return SUMMARY_AWAITED if learner.business_id and not summary_id(learner) else None


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    """Ties the contact to the summary of its company, and unties it from one that it has left."""
    tie = objects.tie(effect.account, objects.SUMMARY_TIE)
    old = effect.written.get("summary")
    if old and old != facts["summary"]:
        for relation in crm.relations(facts["contact"], [tie.id]):
            if old in (relation.first_record_id, relation.second_record_id):
                crm.delete_relation(relation.id)
    if facts["summary"]:
        crm.create_relation(tie.id, *tie.in_order(facts["contact"], facts["summary"]))
    effect.wrote(crm_state.digest(facts), facts)


def summary_of(learner: Learner) -> CrmEffect | None:
    """The row of the company's summary."""
    if not learner.business_id:
        return None
    return ledger.find(learner.account_id, EffectKind.SUMMARY, learner.business_id)


def summary_id(learner: Learner) -> str | None:
    summary = summary_of(learner)
    return summary.crm_id if summary else None


def of_company(account_id: str, business_id: str) -> Sequence[CrmEffect]:
    """The rows of everybody in the company: their ties wait for its summary."""
    return db.session.scalars(
        select(CrmEffect)
        .join(Learner, Learner.id == CrmEffect.learner_id)
        .where(
            CrmEffect.account_id == account_id,
            CrmEffect.kind == EffectKind.MEMBERSHIP,
            Learner.business_id == business_id,
        )
    ).all()
