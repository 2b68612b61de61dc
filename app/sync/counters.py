"""The contact's own fields: courses enrolled and completed, last completion, last score."""

from __future__ import annotations

from app.clients.crm import Crm
from app.models import CrmEffect
from app.sync import crm_state, objects, standings
from app.sync.crm_state import Facts


def wanted(effect: CrmEffect) -> Facts | None:
    learner = effect.learner
    if learner is None or learner.erased_at:
        return None
    return crm_state.counters(standings.of_learner(learner), learner.account.zone)


def write(effect: CrmEffect, facts: Facts, crm: Crm) -> None:
    """Sends only the fields that differ from what was last written."""
    assert effect.learner is not None and effect.learner.crm_contact_id
    fields = objects.contact_fields(effect.learner.account)
    changed = {
        fields[name]: value
        for name, value in facts.items()
        if name in fields and effect.written.get(name) != value
    }
    if changed:
        crm.update_contact(effect.learner.crm_contact_id, custom_fields=changed)
    effect.wrote(crm_state.digest(facts), facts)
