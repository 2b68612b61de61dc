"""The learner's tags. Only names that are ours are ever removed; all others stay as they are."""

from __future__ import annotations

from app.clients.crm import Crm
from app.models import CrmEffect
from app.sync import crm_state, standings
from app.sync.crm_state import Facts


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
    ours = effect.written.get("tags", [])
    wanted_tags = frozenset(facts["tags"])
    present = crm.add_tags(contact_id, wanted_tags) if wanted_tags else frozenset(ours)
    stale = crm_state.stale_tags(present, wanted_tags, ours)
    if stale:
        crm.remove_tags(contact_id, stale)
    effect.wrote(crm_state.digest(facts), facts)
