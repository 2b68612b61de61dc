"""The Company Training Summary: worked out anew from all learners of the company.

It is made at once and then written once a minute at most, so that a class which finishes together
costs its company two writes at most: one soon after the first of them, and one when the minute is
over.
"""

from __future__ import annotations

from datetime import timedelta

from app.clients.crm import Crm
from app.models import CrmEffect, now
from app.sync import crm_state, objects, records, standings
from app.sync.crm_state import Facts

SOON, PAUSE = timedelta(seconds=2), timedelta(minutes=1)


def pause(effect: CrmEffect) -> timedelta:
    """How long changes of the company are collected: a moment, or the rest of a minute since the
    last write."""
    if effect.crm_id is None or effect.written_at is None:
        return timedelta()
    return max(SOON, min(effect.written_at + PAUSE - now(), PAUSE))


def wanted(effect: CrmEffect) -> Facts | None:
    """None for a company that never had a learner; one whose learners all left stands at zero."""
    business_id = effect.business_id
    assert business_id is not None
    people = standings.people(effect.account_id, business_id)
    if not people and not effect.crm_id:
        return None
    name = standings.company_name(effect.account_id, business_id)
    if not people:
        name = effect.written.get("name", name)
    stand = standings.of_company(effect.account_id, business_id)
    return crm_state.summary(business_id, name, people, stand, effect.account.zone)


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    records.put(effect, facts, crm, objects.kept(effect.account, objects.SUMMARY))
