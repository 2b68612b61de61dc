"""The learner's tags. Only names that are ours are ever removed; all others stay as they are."""

from __future__ import annotations

from datetime import timedelta

from app import bursts
from app.clients.crm import Crm
from app.models import CrmEffect
from app.sync import crm_state, standings
from app.sync.crm_state import Facts

PAUSE = timedelta(seconds=0.5)


def pause(effect: CrmEffect) -> timedelta:
    """Nobody waits alone; while a class finishes, its tags are collected (`tags_together`)."""
    another = bursts.another_lately(effect.account_id, effect.subject)
    return PAUSE if another else timedelta()


def wanted(effect: CrmEffect) -> Facts | None:
    """None when the switch is off, and while there is neither a tag to add nor one to take away."""
    learner = effect.learner
    if learner is None or learner.erased_at or not learner.account.sync_tags:
        return None
    stand = standings.of_learner(learner)
    tags = sorted(crm_state.wanted_tags(stand, per_course=learner.account.course_tags))
    return {"tags": tags} if tags or effect.written.get("tags") else None


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    """Adds what should be there; the answer tells what else of ours is there and must go."""
    assert effect.learner is not None and effect.learner.crm_contact_id
    contact_id = effect.learner.crm_contact_id
    wanted_tags = frozenset(facts["tags"])
    if wanted_tags:
        present = crm.add_tags(contact_id, wanted_tags)
    else:
        present = frozenset(effect.written.get("tags", []))
    if stale := stale_tags(effect, present, wanted_tags):
        crm.remove_tags(contact_id, stale)
    effect.wrote(crm_state.digest(facts), facts)


def stale_tags(
    effect: CrmEffect, present: frozenset[str], wanted_tags: frozenset[str]
) -> frozenset[str]:
    """Those of the contact's tags which are ours, or were once written by us, and must go."""
    ours = effect.written.get("tags", [])
    return frozenset(crm_state.stale_tags(present, wanted_tags, ours))
